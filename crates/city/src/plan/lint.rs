//! What JSON cannot say of plans: names that must exist, conditions that must be conditions, deadlines that must not
//! contradict, layers that may only add and tighten, triggers that can be reached.
//!
//! It says where by the id or the text concerned; the loader knows the line.

use super::{Expression, INPUTS, Inputs, Plan, Scope, Truth, is_of_district, layers_among};
use crate::{Pack, ids::*};
use std::collections::{BTreeSet, HashSet};

/// What a measure's template may name.
const TEMPLATE_FIELDS: [&str; 4] = ["agency", "level", "typhoon", "due"];
/// Worlds tried at most for one plan when its triggers are compared.
const MAX_WORLDS: usize = 20_000;

/// Where in the plan's file a fault stands.
pub(crate) enum At<'a> {
    File,
    /// At the entry with this id.
    Id(&'a str),
    /// Where this text first stands as a JSON string.
    Words(&'a str),
}

/// `at`, what, why, what to do.
pub(crate) type Fault<'a> = (At<'a>, String, String, &'static str);

/// Everything wrong with one plan of a pack.
pub(crate) fn faults<'a>(pack: &'a Pack, plan: &'a Plan) -> Vec<Fault<'a>> {
    let mut faults = Vec::new();
    let districts: HashSet<&str> = pack.districts.iter().map(|it| it.id.as_str()).collect();
    check_layer(pack, plan, &districts, &mut faults);
    for trigger in &plan.triggers {
        check_expression(&trigger.when, &format!("trigger {}", trigger.level.roman()), At::Words, &mut faults);
    }
    check_reach(pack, plan, &mut faults);
    check_measures(pack, plan, &districts, &mut faults);
    check_groups(plan, &mut faults);
    faults
}

fn check_layer<'a>(pack: &Pack, plan: &'a Plan, districts: &HashSet<&str>, faults: &mut Vec<Fault<'a>>) {
    let todo_district = "use an id of districts.json";
    if let Some(district) = plan.district.as_ref().filter(|it| !districts.contains(it.as_str())) {
        let what = format!("bad district of plan {}", plan.id);
        faults.push((At::Id(plan.id.as_str()), what, format!("there is no district {district}"), todo_district));
    }
    let Some(base) = &plan.extends else {
        if plan.measures.is_empty() {
            faults.push((At::File, "no measure".into(), "the plan would order nothing".into(), "add measures"));
        }
        if plan.ladder.is_empty() {
            let why = "nobody would be called when an order stays silent".into();
            faults.push((At::File, "empty ladder".into(), why, "add names"));
        }
        return;
    };
    let what = format!("bad layer {}", plan.id);
    let at = || At::Id(plan.id.as_str());
    let Some(above) = pack.plans.iter().find(|it| it.id == *base) else {
        faults.push((at(), what, format!("there is no plan {base} to extend"), "name a plan of this pack"));
        return;
    };
    if layers_among(pack.plans.iter(), &plan.id).iter().any(|it| it.id == *base) || plan.id == *base {
        faults.push((at(), what, format!("{} and {base} extend each other", plan.id), "let one be the base"));
        return;
    }
    if above.hazard != plan.hazard {
        let why = format!("{base} is about {}", above.hazard.name_zh());
        faults.push((at(), what.clone(), why, "a layer has the hazard of its base"));
    }
    if plan.district.is_none() {
        let why = "it does not say whose layer it is".to_owned();
        faults.push((at(), what, why, "give it a district"));
    }
    let mut chain = vec![above];
    while let Some(next) = chain.last().and_then(|it| it.extends.as_ref()) {
        match pack.plans.iter().find(|it| it.id == *next) {
            Some(it) if !chain.iter().any(|known| known.id == it.id) => chain.push(it),
            _ => break,
        }
    }
    for measure in &plan.measures {
        let id = measure.id.as_str();
        let Some(known) = chain.iter().flat_map(|it| &it.measures).find(|it| it.id == measure.id) else { continue };
        let what = format!("layer loosens measure {id}");
        let mut loosens =
            |why: String| faults.push((At::Id(id), what.clone(), why, "a layer may only add and tighten"));
        if measure.within_mins > known.within_mins {
            loosens(format!("{} min, the base says {}", measure.within_mins, known.within_mins));
        }
        if measure.from_level > known.from_level {
            loosens(format!("from {}, the base says {}", measure.from_level.roman(), known.from_level.roman()));
        }
        if measure.group > known.group {
            loosens(format!("group {}, the base says {}", measure.group, known.group));
        }
        if measure.agency != known.agency {
            loosens(format!("led by {}, the base says {}", measure.agency, known.agency));
        }
        let of_agency = pack.agencies.iter().find(|it| it.id == known.agency).and_then(|it| it.district.as_ref());
        if !is_of_district(plan, known, of_agency) {
            let why = "it is not of this layer's district".to_owned();
            faults.push((At::Id(id), format!("bad layer of measure {id}"), why, "add a measure of its own instead"));
        }
    }
}

fn check_expression<'a>(
    expression: &'a Expression,
    whose: &str,
    at: impl Fn(&'a str) -> At<'a>,
    faults: &mut Vec<Fault<'a>>,
) {
    let mut fault =
        |why: String, todo| faults.push((at(expression.source()), format!("bad condition of {whose}"), why, todo));
    let parts = match expression.parts() {
        Ok(parts) => parts,
        Err(why) => return fault(why.to_owned(), "write a CEL expression over the documented inputs"),
    };
    let known = |name: &str| INPUTS.iter().any(|it| it.name == name);
    if let Some(name) = parts.iter().flat_map(|it| &it.names).find(|it| !known(it)) {
        return fault(format!("it does not know {name}"), "use the inputs listed by `gulang-hub check --inputs`");
    }
    let specimen = Inputs::specimen(1.0);
    for part in parts {
        let is_comparison = part.names.iter().any(|it| !matches!(&**it, "blue" | "yellow" | "orange" | "red"));
        if let Some(why) = part.fault(&specimen) {
            fault(format!("{}: {why}", part.source), "compare an input with a number");
        } else if let (Some(constant), _) | (None, Some(constant)) =
            (part.constant(), (!is_comparison).then(|| part.truth(&specimen)))
        {
            let always = if constant == Truth::Holds { "always true" } else { "never true" };
            fault(format!("{} is {always}", part.source), "compare an input with a number");
        }
    }
}

/// A trigger that is the highest to hold in no world tried: the same as another's, or implied by a higher one.
fn check_reach<'a>(pack: &'a Pack, plan: &'a Plan, faults: &mut Vec<Fault<'a>>) {
    let inherited = pack.plans.iter().filter(|it| plan.extends.as_ref() == Some(&it.id));
    let mut all: Vec<_> = inherited.flat_map(|it| &it.triggers).map(|it| (it, false)).collect();
    all.extend(plan.triggers.iter().map(|it| (it, true)));
    if all.iter().any(|(it, _)| it.when.parts().is_err()) {
        return;
    }
    for (i, (trigger, _)) in all.iter().enumerate().filter(|(_, (_, own))| *own) {
        if let Some((other, _)) = all[..i].iter().find(|(it, _)| it.when == trigger.when) {
            let why = format!("trigger {} has the same", other.level.roman());
            let what = format!("unreachable trigger {}", trigger.level.roman());
            faults.push((At::Words(trigger.when.source()), what, why, "let the levels differ"));
            return;
        }
    }
    let names: BTreeSet<Text> = all.iter().flat_map(|(it, _)| it.when.names()).collect();
    let names: Vec<Text> = names.into_iter().filter(|it| it.contains('.')).collect();
    let mut values: Vec<f64> = all.iter().flat_map(|(it, _)| numbers(it.when.source())).collect();
    values.extend([0.0, 1.0, 2.0, 3.0, 4.0, 9999.0]);
    let steps: BTreeSet<i64> =
        values.iter().flat_map(|it| [it - 0.5, *it, it + 0.5]).map(|it| (it * 2.0) as i64).collect();
    let steps: Vec<f64> = steps.into_iter().map(|it| it as f64 / 2.0).collect();
    let mild = |name: &str| if name.starts_with("circle.") || name == "quake.km" { 9999.0 } else { 0.0 };
    let mut reached = vec![false; all.len()];
    let mut n_worlds = 0;
    // One input at a time, then two: most conditions are alternatives of these.
    let singles = (0..names.len()).map(|a| (a, a));
    let pairs = (0..names.len()).flat_map(|a| (a + 1..names.len()).map(move |b| (a, b)));
    for (a, b) in singles.chain(pairs) {
        for x in &steps {
            for y in if a == b { &steps[..1] } else { &steps[..] } {
                if reached.iter().all(|it| *it) {
                    return;
                }
                n_worlds += 1;
                if n_worlds > MAX_WORLDS {
                    return; // Not tried to the end: nothing can be said.
                }
                let mut world = super::expression::empty_context();
                super::inputs::add_colors(&mut world);
                for (i, name) in names.iter().enumerate() {
                    let value = if i == a {
                        *x
                    } else if i == b {
                        *y
                    } else {
                        mild(name)
                    };
                    world.add_variable_from_value(name.to_string(), value);
                }
                let holds = all.iter().enumerate().filter(|(_, (it, _))| it.when.truth(&world) == Truth::Holds);
                if let Some((i, _)) = holds.max_by_key(|(_, (it, _))| it.level) {
                    reached[i] = true;
                }
            }
        }
    }
    for ((trigger, _), _) in all.iter().zip(&reached).filter(|((_, own), reached)| *own && !**reached) {
        let what = format!("unreachable trigger {}", trigger.level.roman());
        let why = "whenever it holds a higher one does, or it never holds".to_owned();
        faults.push((At::Words(trigger.when.source()), what, why, "let the levels differ"));
    }
}

/// The numbers written in an expression.
fn numbers(source: &str) -> Vec<f64> {
    let mut found = Vec::new();
    let words = source.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_'));
    for word in words.filter(|it| it.starts_with(|c: char| c.is_ascii_digit())) {
        found.extend(word.parse::<f64>());
    }
    found
}

fn check_measures<'a>(pack: &Pack, plan: &'a Plan, districts: &HashSet<&str>, faults: &mut Vec<Fault<'a>>) {
    let todo_district = "use an id of districts.json";
    let has_agency = |id: &AgencyId| pack.agencies.iter().any(|it| it.id == *id);
    for measure in &plan.measures {
        let id = measure.id.as_str();
        let mut fault =
            |what: &str, why: String, todo| faults.push((At::Id(id), format!("{what} of measure {id}"), why, todo));
        if measure.agency.as_str().trim().is_empty() {
            fault("no lead", "nobody leads it".into(), "name the lead agency");
        } else if !has_agency(&measure.agency) {
            fault("bad agency", format!("there is no agency {}", measure.agency), "use an id of agencies.json");
        }
        for agency in measure.supporting.iter().filter(|it| !has_agency(it)) {
            fault("bad supporting", format!("there is no agency {agency}"), "use an id of agencies.json");
        }
        if measure.clause.trim().is_empty() {
            fault("no clause", "an order must say what it rests on".into(), "name the clause of the plan");
        }
        for field in template_fields(&measure.template) {
            if !TEMPLATE_FIELDS.contains(&field) {
                fault(
                    "bad template",
                    format!("it does not know {{{field}}}"),
                    "use {agency}, {level}, {typhoon} or {due}",
                );
            }
        }
        match &measure.scope {
            Scope::City => {}
            Scope::Districts(all) => {
                for it in all.iter().filter(|it| !districts.contains(it.as_str())) {
                    fault("bad scope", format!("there is no district {it}"), todo_district);
                }
                if all.is_empty() {
                    fault("bad scope", "it names no district".into(), todo_district);
                }
            }
            Scope::Townships(all) | Scope::Places(all) => {
                if all.is_empty() || all.iter().any(|it| it.trim().is_empty()) {
                    fault("bad scope", "it names no place".into(), "name the places");
                }
            }
        }
        for need in measure.evacuees.iter().filter(|it| !districts.contains(it.district.as_str())) {
            fault("bad evacuees", format!("there is no district {}", need.district), todo_district);
        }
        for need in &measure.forces {
            if !districts.contains(need.district.as_str()) {
                fault("bad forces", format!("there is no district {}", need.district), todo_district);
            }
            if need.n_teams == 0 {
                fault("bad forces", "no team is wanted".into(), "say how many teams");
            }
        }
        if measure.within_mins < plan.ack_within_mins {
            let why = format!("done within {} min, acknowledged within {}", measure.within_mins, plan.ack_within_mins);
            fault("bad deadline", why, "give more time, or ask for the acknowledgement sooner");
        }
        if let Some(condition) = &measure.precondition {
            check_expression(condition, &format!("measure {id}"), |_| At::Id(id), faults);
        }
    }
}

/// Of two groups, the later must not be wholly due before the earlier.
fn check_groups<'a>(plan: &'a Plan, faults: &mut Vec<Fault<'a>>) {
    for measure in plan.measures.iter().filter(|it| it.group > 0) {
        let earlier = plan.measures.iter().filter(|it| it.group < measure.group && it.from_level == measure.from_level);
        let shortest = earlier.map(|it| it.within_mins).min();
        if let Some(shortest) = shortest.filter(|it| measure.within_mins < *it) {
            let id = measure.id.as_str();
            let what = format!("bad deadline of measure {id}");
            let why = format!(
                "group {} due within {} min, all before it later ({shortest})",
                measure.group, measure.within_mins
            );
            faults.push((At::Id(id), what, why, "give the later group more time"));
        }
    }
}

/// The names between braces; an unclosed brace names the rest.
fn template_fields(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).map(|it| it.split('}').next().unwrap_or(it))
}
