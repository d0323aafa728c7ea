//! 快报 of a realm: issues made from the pack's templates (`bulletins/*.toml`) and the figures as they are, when they are due by
//! the realm's clock and whenever somebody asks.
//!
//! An issue that was due lies in the realm's folder, as PDF and DOCX, with the values the next one is held against; one that
//! somebody asked for is only handed out. What an issue says is [`gulang_report::bulletin`]'s.
//!
//! **Invariant:** an exercise's issues lie in the exercise's folder and say so on every page.

#![allow(
    clippy::result_large_err,
    reason = "axum answers errors as whole responses; once a request, they may be large"
)]

use crate::{api::core_of, assets::assets_dir, core::Core, log::write_whole, server::App};
use axum::{
    Json, Router,
    extract::{Path as UrlPath, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use gulang_city::{
    Footing, PaperLang, Realm, Timestamp,
    indicators::{Definitions, Figure, FigureKey},
};
use gulang_report::bulletin::{Issue, Template, Told, document, issue};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Of a pack, and of a realm's folder.
const FOLDER: &str = "bulletins";
const LOOK_EVERY: Duration = Duration::from_secs(5);
const FORMS: [&str; 2] = ["pdf", "docx"];

/// Why there is no issue.
#[derive(Debug, thiserror::Error)]
pub enum BulletinError {
    #[error("没有这个快报模板「{0}」；城市包的 bulletins/ 里每个 .toml 是一个")]
    Unknown(String),
    #[error("{}", .0.join("\n"))]
    Faults(Vec<String>),
    #[error("指标还没有算出来；稍后再试")]
    NotCounted,
    #[error("找不到字体 assets/fonts；设置 GULANG_ASSETS 指明")]
    Font,
    #[error("{path}：{source}", path = .path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Report(#[from] gulang_report::ReportError),
    #[error("{0}")]
    Log(#[from] crate::log::LogError),
}

pub fn routes() -> Router<App> {
    Router::new().route("/api/bulletins", get(list)).route("/api/bulletins/{file}", get(one))
}

/// Writes every issue when it is due, for ever.
pub async fn run(core: Arc<Core>, pack_dir: PathBuf) {
    // Nobody was here to see what was due before, but for what the last issue says.
    let mut looked = core.clock.now();
    let mut is_first = true;
    let mut every = tokio::time::interval(LOOK_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        every.tick().await;
        let now = core.clock.now();
        // Issues are due by the minute.
        if !is_first && now.0.div_euclid(60_000) <= looked.0.div_euclid(60_000) {
            continue;
        }
        let (own, dir, after) = (core.clone(), pack_dir.clone(), looked);
        match tokio::task::spawn_blocking(move || write_due(&own, &dir, after, now)).await {
            Ok(true) => (looked, is_first) = (now, false),
            // Not counted yet: what is due then is still due.
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "bulletins could not be looked after"),
        }
    }
}

/// `false` if there are no figures yet. A template that cannot be written costs no other.
fn write_due(core: &Core, pack_dir: &Path, after: Timestamp, now: Timestamp) -> bool {
    let templates = templates_in(pack_dir);
    if templates.is_empty() {
        return true;
    }
    let Ok(figures) = Figures::of(core) else { return false };
    for file in templates {
        match write_if_due(core, &file, &figures, after, now) {
            Ok(Some(path)) => tracing::info!(path = %path.display(), "a bulletin was written"),
            Ok(None) => {}
            Err(error) => tracing::error!(file = %file.display(), %error, "a bulletin cannot be written"),
        }
    }
    true
}

fn write_if_due(
    core: &Core,
    file: &Path,
    figures: &Figures,
    after: Timestamp,
    now: Timestamp,
) -> Result<Option<PathBuf>, BulletinError> {
    let template = read(file, &figures.definitions)?;
    let footing = core.city().footing.clone();
    let Some(after) = due_after(&template, &footing, last_issue(core, &template).as_ref(), after) else {
        return Ok(None);
    };
    if template.is_due(after, now) { write(core, &template, figures, now).map(Some) } else { Ok(None) }
}

/// Since when the times of a template count; none on a footing it is not for. One that was missed while the hub was down is
/// made up for, but not what would have been due before the footing was this.
fn due_after(template: &Template, footing: &Footing, last: Option<&Issue>, looked: Timestamp) -> Option<Timestamp> {
    let after = last.map_or(looked, |it| it.at.min(looked));
    match template.footing {
        Some(wanted) if wanted != footing.posture => None,
        Some(_) => Some(after.max(footing.since)),
        None => Some(after),
    }
}

fn templates_in(pack_dir: &Path) -> Vec<PathBuf> {
    let dir = pack_dir.join(FOLDER);
    names_in(&dir).into_iter().filter(|it| it.ends_with(".toml")).map(|it| dir.join(it)).collect()
}

/// An issue in both forms, and what the next is held against; where the PDF lies.
fn write(core: &Core, template: &Template, figures: &Figures, now: Timestamp) -> Result<PathBuf, BulletinError> {
    let dir = core.dir.join(FOLDER);
    std::fs::create_dir_all(&dir).map_err(io(&dir))?;
    let stamp = figures.now.beijing().strftime("%Y%m%d-%H%M").to_string();
    let mut made = made(core, template, figures)?;
    // The figures may be of the moment before it was due.
    made.issue.at = made.issue.at.max(now);
    for (form, bytes) in FORMS.into_iter().zip(made.forms(&FORMS)?) {
        let path = dir.join(format!("{}-{stamp}.{form}", template.id));
        std::fs::write(&path, bytes).map_err(io(&path))?;
    }
    let text = serde_json::to_string(&made.issue).unwrap_or_default();
    write_whole(&last_file(core, template), &text)?;
    Ok(dir.join(format!("{}-{stamp}.pdf", template.id)))
}

fn last_file(core: &Core, template: &Template) -> PathBuf {
    core.dir.join(FOLDER).join(format!("{}-last.json", template.id))
}

fn last_issue(core: &Core, template: &Template) -> Option<Issue> {
    std::fs::read(last_file(core, template)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok())
}

struct Made {
    document: gulang_report::Document,
    issue: Issue,
}

impl Made {
    fn forms(&self, forms: &[&str]) -> Result<Vec<Vec<u8>>, BulletinError> {
        let file = assets_dir().map_err(|_| BulletinError::Font)?.join("fonts/NotoSansSC-Regular-gb2312.ttf");
        let font = std::fs::read(&file).map_err(io(&file))?;
        Ok(forms.iter().map(|form| gulang_report::written(&self.document, form, &font)).collect::<Result<_, _>>()?)
    }
}

fn made(core: &Core, template: &Template, figures: &Figures) -> Result<Made, BulletinError> {
    let last = last_issue(core, template);
    // Typesetting takes a moment; what it says is taken from the city first.
    let city = core.city();
    let told = Told {
        city: &city,
        definitions: &figures.definitions,
        figures: &figures.all,
        now: figures.now,
        simulated: core.simulated,
        last: last.as_ref(),
    };
    Ok(Made { document: document(template, &told)?, issue: issue(&told) })
}

/// Every figure at one moment.
struct Figures {
    definitions: Definitions,
    all: HashMap<FigureKey, Figure>,
    now: Timestamp,
}

impl Figures {
    fn of(core: &Core) -> Result<Self, BulletinError> {
        let (definitions, figures, now) = core.indicators.all().ok_or(BulletinError::NotCounted)?;
        Ok(Self { definitions, all: figures.into_iter().map(|it| (it.key.clone(), it)).collect(), now })
    }
}

fn read(file: &Path, definitions: &Definitions) -> Result<Template, BulletinError> {
    let text = std::fs::read_to_string(file).map_err(io(file))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    Template::parse(&name, &text, definitions).map_err(BulletinError::Faults)
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> BulletinError {
    let path = path.to_owned();
    move |source| BulletinError::Io { path, source }
}

/// What is wrong with a pack's templates.
pub fn check(pack_dir: &Path, definitions: &Definitions) -> Result<(), BulletinError> {
    for file in templates_in(pack_dir) {
        read(&file, definitions)?;
    }
    Ok(())
}

// ---------------------------------------------------------------- over REST

#[derive(Deserialize)]
pub struct Asked {
    realm: Option<Realm>,
}

#[derive(Serialize)]
pub struct Listed {
    id: String,
    title: String,
    /// Of its words.
    lang: PaperLang,
    /// When issues are due, Beijing time.
    at: Vec<String>,
    /// What is wrong with it; it is then not written.
    fault: String,
    /// The issues that were written, the latest first.
    issues: Vec<String>,
}

/// 快报模板与已出的各期
#[utoipa::path(get, path = "/api/bulletins", params(("realm" = Option<String>, Query, description = "actual | exercise")), responses((status = 200, description = "[{id, title, lang: zh | en, at, fault, issues}]", content_type = "application/json")))]
pub async fn list(State(app): State<App>, Query(asked): Query<Asked>) -> Result<Json<Vec<Listed>>, Response> {
    let core = core_of(&app.hall, asked.realm)?;
    // Their names cannot be held against definitions that are not read yet.
    let definitions = core.indicators.definitions().1.ok_or_else(|| failed(&BulletinError::NotCounted))?;
    let mut issues: Vec<String> =
        names_in(&core.dir.join(FOLDER)).into_iter().filter(|it| it.ends_with(".pdf")).collect();
    issues.sort_unstable_by(|a, b| b.cmp(a));
    let dir = app.hall.pack_dir.join(FOLDER);
    let names = names_in(&dir).into_iter().filter_map(|it| it.strip_suffix(".toml").map(str::to_owned));
    let listed = names.map(|id| {
        let of = |it: &&String| it.strip_prefix(&id).is_some_and(|it| it.starts_with('-'));
        let issues = issues.iter().filter(of).cloned().collect();
        match read(&dir.join(format!("{id}.toml")), &definitions) {
            Ok(it) => {
                Listed { id, title: it.title.to_string(), lang: it.lang, at: it.at, fault: String::new(), issues }
            }
            Err(why) => {
                let (title, lang) = (id.clone(), PaperLang::default());
                Listed { id, title, lang, at: Vec::new(), fault: why.to_string(), issues }
            }
        }
    });
    Ok(Json(listed.collect()))
}

fn failed(why: &dyn std::fmt::Display) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, why.to_string()).into_response()
}

fn names_in(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|it| it.file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

/// 一期快报：模板号.pdf 或 .docx 是此刻的，文件名是已出的那一期
#[utoipa::path(get, path = "/api/bulletins/{file}", params(("file" = String, Path, description = "duty.pdf、duty.docx，或 /api/bulletins 里的一期"), ("realm" = Option<String>, Query, description = "actual | exercise")), responses((status = 200, description = "文件"), (status = 404, description = "没有"), (status = 422, description = "为什么写不了")))]
pub async fn one(
    State(app): State<App>,
    UrlPath(file): UrlPath<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Response> {
    let core = core_of(&app.hall, asked.realm)?;
    let missing = || (StatusCode::NOT_FOUND, BulletinError::Unknown(file.clone()).to_string()).into_response();
    let (id, form) = file.rsplit_once('.').ok_or_else(missing)?;
    let kind = match form {
        "pdf" => "application/pdf",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        _ => return Err(missing()),
    };
    // By its name in the folder, so that no name leads out of it.
    let issues = core.dir.join(FOLDER);
    let template = app.hall.pack_dir.join(FOLDER);
    let (is_issue, is_template) =
        (names_in(&issues).contains(&file), names_in(&template).contains(&format!("{id}.toml")));
    if !is_issue && !is_template {
        return Err(missing());
    }
    let (path, form) = (template.join(format!("{id}.toml")), form.to_owned());
    let bytes = tokio::task::spawn_blocking(move || -> Result<Vec<u8>, BulletinError> {
        if is_issue {
            let path = issues.join(&file);
            return std::fs::read(&path).map_err(io(&path));
        }
        let figures = Figures::of(&core)?;
        let template = read(&path, &figures.definitions)?;
        let made = made(&core, &template, &figures)?;
        Ok(made.forms(&[&form])?.pop().unwrap_or_default())
    });
    let bytes = bytes.await.map_err(|why| failed(&why))?.map_err(|why| failed(&why))?;
    Ok(([(header::CONTENT_TYPE, kind)], bytes).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::{Posture, indicators::Definitions};

    #[test]
    fn what_is_for_war_is_due_from_the_beginning_of_the_war() {
        let text = |footing: &str| format!("id = \"a\"\ntitle = \"t\"\nat = [\"02:00\"]\n{footing}section = []\n");
        let parse = |footing| Template::parse("a.toml", &text(footing), &Definitions::default()).expect("a template");
        let (always, of_war) = (parse(""), parse("footing = \"war\"\n"));
        let footing = |posture| Footing { posture, level: None, plan: None, since: Timestamp(500) };
        let last = Issue { at: Timestamp(100), ..Issue::default() };
        let looked = Timestamp(900);
        for (template, posture, last, expected) in [
            (&always, Posture::Peace, None, Some(900)),
            (&always, Posture::War, Some(&last), Some(100)),
            (&of_war, Posture::Peace, Some(&last), None),
            (&of_war, Posture::War, Some(&last), Some(500)),
            (&of_war, Posture::War, None, Some(900)),
        ] {
            assert_eq!(due_after(template, &footing(posture), last, looked), expected.map(Timestamp));
        }
    }
}
