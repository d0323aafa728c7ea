//! The scenarios drills are named from, as a director picks them: `GET /api/scenarios`. Only readable ones are listed; what is
//! wrong with another `gulang-hub check` says.

use crate::{
    assets::{Reference, read_scenario},
    server::App,
};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use gulang_city::{
    Pack,
    inject::{ScenarioCard, parse_injects},
};
use std::{path::Path, sync::Arc};

/// 演练剧本：时间、导调、公开时间线
#[utoipa::path(get, path = "/api/scenarios", responses((status = 200, description = "gulang_city::inject::ScenarioCard 的数组", content_type = "application/json")))]
pub async fn scenarios(State(app): State<App>) -> Response {
    let hall = Arc::clone(&app.hall);
    let read = tokio::task::spawn_blocking(move || hall.scenarios_dir().map(|dir| cards(dir, &hall.pack)));
    match read.await {
        Ok(cards) => Json(cards.unwrap_or_default()).into_response(),
        Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, why.to_string()).into_response(),
    }
}

/// Every scenario of `dir` that can be read against the pack, by name.
pub fn cards(dir: &Path, pack: &Pack) -> Vec<ScenarioCard> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(|it| Some(it.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|it| it == "toml"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort_unstable();
    let read = |name: String| {
        let card = card(&name, dir, pack);
        card.inspect_err(|why| tracing::warn!(%why, name, "a scenario is not listed")).ok()
    };
    names.into_iter().filter_map(read).collect()
}

fn card(name: &str, dir: &Path, pack: &Pack) -> Result<ScenarioCard, String> {
    let scenario = read_scenario(name, Some(dir)).map_err(|why| why.to_string())?;
    let text = std::fs::read_to_string(&scenario.file).map_err(|why| why.to_string())?;
    let injects = parse_injects(&text, pack).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        lines.join("; ")
    })?;
    Ok(ScenarioCard {
        id: name.to_owned(),
        title: scenario.title,
        basis: scenario.basis,
        starts_at: scenario.starts_at,
        ends_at: scenario.ends_at,
        seed: scenario.seed,
        injects,
        reference: scenario.reference.iter().map(Reference::to_score).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::{assets_dir, read_pack};

    #[test]
    fn what_is_shipped_is_listed_with_its_injects_and_a_damaged_file_is_left_out() {
        let assets = assets_dir().expect("the source tree's assets");
        let pack = read_pack(&assets.join("cities/xiamen")).expect("the shipped pack");
        let shipped = cards(&assets.join("scenarios"), &pack);
        let find = |id: &str| shipped.iter().find(|it| it.id == id).unwrap_or_else(|| panic!("{id} is not listed"));
        assert!(find("doksuri-2023").injects.is_empty());
        assert!(find("doksuri-injects").injects.len() >= 8);
        assert!(!find("rainstorm-demo").basis.is_empty());

        let dir = std::env::temp_dir().join(format!("gulang-scenarios-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a folder");
        std::fs::write(dir.join("broken.toml"), "id = ").expect("a file");
        let listed = cards(&dir, &pack);
        std::fs::remove_dir_all(&dir).expect("the folder goes");
        assert!(listed.is_empty());
    }
}
