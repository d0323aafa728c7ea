//! A condition in CEL (Common Expression Language) over named inputs, parsed once, answered in three values.
//!
//! What an expression may name is in [`crate::INPUTS`]. An input that is missing makes a part of the expression unknown,
//! not false: `true || unknown` still holds. The text is the value; the parsed form is a cache beside it and belongs to no
//! record, snapshot or comparison.

use crate::ids::Text;
use cel::{Context, Env, Program, Value, common::ast::Expr};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    sync::{Arc, LazyLock, OnceLock},
};

/// What is known about a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// 不成立.
    DoesNot,
    /// 无法判断: an input it hangs on is missing or stale.
    CannotTell,
    /// 成立.
    Holds,
}

impl Truth {
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Holds => "成立",
            Self::DoesNot => "不成立",
            Self::CannotTell => "无法判断",
        }
    }
}

/// A condition's text and, once asked, its parsed form.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "Text", into = "Text")]
pub struct Expression {
    source: Text,
    parsed: OnceLock<Arc<Result<Vec<Part>, String>>>,
}

/// One alternative of an expression: what stands between two `||` at its outermost level.
#[derive(Debug)]
pub struct Part {
    pub source: Text,
    /// The inputs it names, such as `warning.typhoon`.
    pub names: Vec<Text>,
    program: Program,
}

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

impl Expression {
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Its alternatives, or why it cannot be parsed.
    pub fn parts(&self) -> Result<&[Part], &str> {
        let parsed = self.parsed.get_or_init(|| Arc::new(parse(&self.source)));
        parsed.as_ref().as_ref().map(Vec::as_slice).map_err(String::as_str)
    }

    /// Every input it names, each once.
    pub fn names(&self) -> Vec<Text> {
        let mut names: Vec<Text> = self.parts().unwrap_or_default().iter().flat_map(|it| it.names.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Whether it holds with these values; one that does not parse is never known.
    pub(crate) fn truth(&self, values: &Context<'_, '_>) -> Truth {
        let Ok(parts) = self.parts() else { return Truth::CannotTell };
        parts.iter().map(|it| it.truth(values)).max().unwrap_or(Truth::CannotTell)
    }
}

impl Part {
    pub(crate) fn truth(&self, values: &Context<'_, '_>) -> Truth {
        match self.program.execute(values) {
            Ok(Value::Bool(true)) => Truth::Holds,
            Ok(Value::Bool(false)) => Truth::DoesNot,
            Ok(_) | Err(_) => Truth::CannotTell,
        }
    }

    /// What it always is, whatever the inputs: it names none.
    pub(crate) fn constant(&self) -> Option<Truth> {
        self.names.is_empty().then(|| self.truth(&empty_context()))
    }

    /// Why it cannot be a condition although it parses: it is no yes or no.
    pub(crate) fn fault(&self, values: &Context<'_, '_>) -> Option<String> {
        match self.program.execute(values) {
            Ok(Value::Bool(_)) => None,
            Ok(other) => Some(format!("it is {:?}, not true or false", other.type_of())),
            Err(why) => Some(why.to_string()),
        }
    }
}

pub(crate) fn empty_context() -> Context<'static, 'static> {
    Context::with_env(ENV.clone())
}

fn parse(source: &str) -> Result<Vec<Part>, String> {
    // The whole first: what is said of a part would not say where in the whole.
    compile(source)?;
    alternatives(source)
        .into_iter()
        .map(|part| {
            let program = compile(part)?;
            let mut names = Vec::new();
            name_inputs(&program.expression().expr, &mut names)?;
            names.sort();
            names.dedup();
            Ok(Part { source: part.into(), names, program })
        })
        .collect()
}

fn compile(source: &str) -> Result<Program, String> {
    Program::compile(source).map_err(|errors| {
        let first = errors.errors.first();
        first
            .map_or_else(|| "unreadable".to_owned(), |it| format!("column {}: {}", it.pos.1, it.msg.replace('\n', " ")))
    })
}

/// The text between the `||` of the outermost level; the whole where a `?:` would make that wrong.
fn alternatives(source: &str) -> Vec<&str> {
    let (mut depth, mut quote, mut from, mut parts) = (0i32, None, 0, Vec::new());
    let bytes = source.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        match (quote, bytes[i]) {
            (Some(_), b'\\') => i += 1,
            (Some(open), it) if it == open => quote = None,
            (Some(_), _) => {}
            (None, it @ (b'"' | b'\'')) => quote = Some(it),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => depth -= 1,
            (None, b'?') => return vec![source],
            (None, b'|') if depth == 0 && bytes.get(i + 1) == Some(&b'|') => {
                parts.push(source[from..i].trim());
                i += 1;
                from = i + 1;
            }
            _ => {}
        }
        i += 1;
    }
    parts.push(source[from..].trim());
    parts
}

/// Collects dotted names; what a plan's condition has no use for is refused, so that every name is one of the inputs.
fn name_inputs(expr: &Expr, names: &mut Vec<Text>) -> Result<(), String> {
    match expr {
        Expr::Ident(name) => names.push(name.as_str().into()),
        Expr::Select(select) => {
            let mut path = vec![select.field.as_str()];
            let mut of = &select.operand.expr;
            while let Expr::Select(inner) = of {
                path.push(&inner.field);
                of = &inner.operand.expr;
            }
            let Expr::Ident(root) = of else { return Err("only inputs have fields".into()) };
            path.push(root);
            path.reverse();
            names.push(path.join(".").into());
        }
        Expr::Call(call) => {
            for it in call.target.iter().map(|it| &it.expr).chain(call.args.iter().map(|it| &it.expr)) {
                name_inputs(it, names)?;
            }
        }
        Expr::List(list) => {
            for it in &list.elements {
                name_inputs(&it.expr, names)?;
            }
        }
        Expr::Literal(_) => {}
        Expr::Unspecified | Expr::Comprehension(_) | Expr::Map(_) | Expr::Struct(_) => {
            return Err("macros, maps and structs have no place in a plan".into());
        }
    }
    Ok(())
}

impl From<Text> for Expression {
    fn from(source: Text) -> Self {
        Self { source, parsed: OnceLock::new() }
    }
}
impl From<&str> for Expression {
    fn from(source: &str) -> Self {
        Text::from(source).into()
    }
}
impl From<Expression> for Text {
    fn from(it: Expression) -> Self {
        it.source
    }
}
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}
impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.source, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: Truth) {
        let mut values = empty_context();
        values.add_variable_from_value("flood.n27", 12i64);
        values.add_variable_from_value("circle.hours7", 20.5f64);
        values.add_variable_from_value("orange", 3i64);
        assert_eq!(Expression::from(source).truth(&values), expected, "{source}");
    }

    #[test]
    fn what_is_missing_is_unknown_and_not_false() {
        use Truth::*;
        check("flood.n27 >= 12", Holds);
        check("flood.n27 >= 12.5", DoesNot);
        check("circle.hours7 <= 24", Holds);
        check("circle.hours7 <= 24 && flood.n27 > 12", DoesNot);
        check("warning.typhoon >= orange", CannotTell);
        check("warning.typhoon >= orange || flood.n27 == 12", Holds);
        check("(warning.typhoon >= orange || flood.n27 == 12)", Holds);
        check("warning.typhoon >= orange && flood.n27 == 12", CannotTell);
        check("warning.typhoon >= orange && flood.n27 == 11", DoesNot);
        check("!(warning.typhoon >= orange)", CannotTell);
        check("flood.n27", CannotTell);
        check("flood.n27 >=", CannotTell);
    }

    #[test]
    fn alternatives_are_told_apart() {
        let parts = |source: &str| {
            let expression = Expression::from(source);
            expression
                .parts()
                .map(|it| it.iter().map(|it| it.source.to_string()).collect::<Vec<_>>())
                .map_err(str::to_owned)
        };
        assert_eq!(parts("a.b > 1 || (c || d) || e == '||'").expect("good"), ["a.b > 1", "(c || d)", "e == '||'"]);
        assert_eq!(parts("a ? b : c || d").expect("good").len(), 1);
        assert!(parts("[1, 2].exists(x, x > 1)").is_err());
        assert_eq!(Expression::from("a.b > 1 || c.d.e < a.b").names(), ["a.b".into(), "c.d.e".into()] as [Text; 2]);
    }
}
