//! 会商简报 of a realm over REST: which there are, each as a file, and what is news since the last was shown.
//!
//! What a file says is [`gulang_report::deck`]'s. Its maps are drawn by the wall program as a child, all of a briefing by one,
//! with this launch's token, and kept for a minute; a page whose map could not be drawn says why. The wall shows the realm that
//! screens follow, so there are maps of no other. News are the moments of [`crate::review`], so that they cannot differ from it.

#![allow(
    clippy::result_large_err,
    reason = "axum answers errors as whole responses; once a request, they may be large"
)]

use crate::{
    api::core_of,
    assets::assets_dir,
    core::Core,
    log::{Log, LogError},
    server::App,
};
use axum::{
    Json, Router,
    extract::{Path as UrlPath, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use gulang_city::{
    Briefing, BriefingId, BriefingPage, City, Look, PaperLang, Realm, Showing, Text, Timestamp,
    indicators::{Definitions, Figure, FigureKey},
    review::{Moment, Review},
    scene_briefing,
};
use gulang_report::deck::{DeckForm, DeckTheme, DeckTold, deck, map_size, written_deck};
use gulang_wire::Watch;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};
use tokio::process::Command;

/// Until the city stands, and for each map after that.
const MAPS_LIMIT: Duration = Duration::from_secs(60);
const MAP_LIMIT: Duration = Duration::from_secs(6);
/// A map is drawn again after so long.
const MAP_AGE: Duration = Duration::from_secs(60);
const MAX_MAPS: usize = 48;
/// Lines of news told at most, the latest.
const MAX_NEWS: usize = 2000;

/// Why there is no file, or no news.
#[derive(Debug, thiserror::Error)]
pub enum BriefingError {
    #[error("没有这份简报「{0}」；/api/briefings 里有全部")]
    Unknown(String),
    #[error("只能写成 pdf、pptx、docx 或 xlsx，不是「{0}」")]
    Form(String),
    #[error("还没有放映过简报；用 seq= 指明从哪条记录之后算起")]
    NeverShown,
    #[error("没有第 {0} 条记录")]
    NoRecord(u64),
    #[error("指标还没有算出来；稍后再试")]
    NotCounted,
    #[error("找不到字体 assets/fonts；设置 GULANG_ASSETS 指明")]
    Font,
    #[error("{path}：{source}", path = .path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Report(#[from] gulang_report::ReportError),
    #[error("{0}")]
    Log(#[from] LogError),
}

impl BriefingError {
    fn response(&self) -> Response {
        let status = match self {
            Self::Unknown(_) | Self::Form(_) | Self::NeverShown | Self::NoRecord(_) => StatusCode::NOT_FOUND,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        (status, self.to_string()).into_response()
    }
}

pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/briefings", get(list))
        .route("/api/briefings/since", get(since))
        .route("/api/briefings/{file}", get(one))
}

// ---------------------------------------------------------------- which there are

#[derive(Deserialize)]
pub struct Asked {
    realm: Option<Realm>,
    #[serde(default)]
    lang: PaperLang,
    #[serde(default)]
    theme: DeckTheme,
    #[serde(default)]
    maps: WithMaps,
    /// News after this record.
    seq: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WithMaps {
    #[default]
    Yes,
    No,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    id: String,
    title: String,
    host: String,
    pages: usize,
    /// None: its figures are as they are when it is shown.
    frozen_at: Option<i64>,
    /// When it was begun on the walls, ms.
    shown: Vec<i64>,
}

/// 会商简报
#[utoipa::path(get, path = "/api/briefings", params(("realm" = Option<String>, Query, description = "actual | exercise")), responses((status = 200, description = "[{id, title, host, pages, frozen_at, shown}]", content_type = "application/json")))]
pub async fn list(State(app): State<App>, Query(asked): Query<Asked>) -> Result<Json<Vec<Listed>>, Response> {
    let core = core_of(&app.hall, asked.realm)?;
    let city = core.city();
    Ok(Json(listed(&city)))
}

fn listed(city: &City) -> Vec<Listed> {
    let shown = |id: &BriefingId| city.showings.iter().filter(|it| it.briefing == *id).map(|it| it.at.0).collect();
    let one = |(id, kept): (&BriefingId, &gulang_city::KeptBriefing)| Listed {
        id: id.to_string(),
        title: kept.briefing.title.to_string(),
        host: kept.briefing.host.to_string(),
        pages: kept.briefing.pages.len(),
        frozen_at: kept.briefing.frozen.as_ref().map(|it| it.at.0),
        shown: shown(id),
    };
    city.briefings.iter().map(one).collect()
}

// ---------------------------------------------------------------- one as a file

/// 一份简报：简报号.pdf、.pptx、.docx 或 .xlsx
#[utoipa::path(get, path = "/api/briefings/{file}", params(("file" = String, Path, description = "简报号.pdf、.pptx、.docx、.xlsx"), ("realm" = Option<String>, Query, description = "actual | exercise"), ("lang" = Option<String>, Query, description = "zh | en"), ("theme" = Option<String>, Query, description = "light | dark"), ("maps" = Option<String>, Query, description = "yes | no")), responses((status = 200, description = "文件"), (status = 404, description = "没有这份简报"), (status = 422, description = "为什么写不了")))]
pub async fn one(
    State(app): State<App>,
    UrlPath(file): UrlPath<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Response> {
    let core = core_of(&app.hall, asked.realm)?;
    let refused = |why: BriefingError| why.response();
    let (id, form) = file.rsplit_once('.').ok_or_else(|| refused(BriefingError::Unknown(file.clone())))?;
    let form = DeckForm::named(form).ok_or_else(|| refused(BriefingError::Form(form.to_owned())))?;
    let briefing = core.city().briefings.get(id).map(|it| it.briefing.clone());
    let briefing = briefing.ok_or_else(|| refused(BriefingError::Unknown(id.to_owned())))?;
    // A workbook has no pages.
    let with_maps = asked.maps == WithMaps::Yes && form != DeckForm::Xlsx;
    let maps = if with_maps { maps_of(&app, &core, &briefing, asked.theme).await } else { Vec::new() };
    let written = tokio::task::spawn_blocking(move || written(&core, &briefing, &maps, &asked, form));
    let failed = |why: tokio::task::JoinError| (StatusCode::INTERNAL_SERVER_ERROR, why.to_string()).into_response();
    let bytes = written.await.map_err(failed)?.map_err(refused)?;
    Ok(([(header::CONTENT_TYPE, form.media_type())], bytes).into_response())
}

/// A page's map: none was asked for, it is here, or why it is not.
type PageMap = Option<Result<Vec<u8>, String>>;

fn written(
    core: &Core,
    briefing: &Briefing,
    maps: &[PageMap],
    asked: &Asked,
    form: DeckForm,
) -> Result<Vec<u8>, BriefingError> {
    let (definitions, figures, now) = counted(core)?;
    let trends = core.indicators.trends(&briefing.keys());
    let made = {
        // Typesetting takes a moment; what it says is taken from the city first.
        let city = core.city();
        let told = DeckTold {
            city: &city,
            definitions: &definitions,
            figures: &figures,
            trends: &trends,
            now,
            simulated: core.simulated,
            maps,
        };
        deck(briefing, &told, asked.lang, asked.theme)?
    };
    let file = assets_dir().map_err(|_| BriefingError::Font)?.join("fonts/NotoSansSC-Regular-gb2312.ttf");
    let font = std::fs::read(&file).map_err(|source| BriefingError::Io { path: file, source })?;
    Ok(written_deck(&made, form, &font)?)
}

type Counted = (Definitions, HashMap<FigureKey, Figure>, Timestamp);

fn counted(core: &Core) -> Result<Counted, BriefingError> {
    let (definitions, figures, now) = core.indicators.all().ok_or(BriefingError::NotCounted)?;
    Ok((definitions, figures.into_iter().map(|it| (it.key.clone(), it)).collect(), now))
}

// ---------------------------------------------------------------- maps

/// Maps drawn lately, and the one that is being drawn.
#[derive(Debug, Default)]
pub struct Maps {
    drawing: tokio::sync::Mutex<()>,
    drawn: std::sync::Mutex<Vec<Drawn>>,
}

#[derive(Debug)]
struct Drawn {
    realm: Realm,
    what: Still,
    at: Instant,
    png: Vec<u8>,
}

/// A map to be drawn, as the wall program's `--stills` takes it, less its file.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Still {
    view: [f64; 5],
    size: (u32, u32),
    show: Vec<Text>,
    #[serde(skip)]
    theme: DeckTheme,
}

impl Still {
    /// A look, so many pixels large.
    fn of(look: &Look, size: (u32, u32), theme: DeckTheme) -> Self {
        let Look { at, metres, bearing, tilt, layers } = look;
        Self { view: [at.0, at.1, *metres, *bearing, *tilt], size, show: layers.clone(), theme }
    }
}

impl Maps {
    fn known(&self, realm: Realm, what: &Still) -> Option<Vec<u8>> {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        drawn.retain(|it| it.at.elapsed() < MAP_AGE);
        drawn.iter().find(|it| it.realm == realm && it.what == *what).map(|it| it.png.clone())
    }

    fn keep(&self, realm: Realm, what: Still, png: Vec<u8>) {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if drawn.len() >= MAX_MAPS {
            drawn.remove(0);
        }
        drawn.push(Drawn { realm, what, at: Instant::now(), png });
    }
}

/// Page by page.
async fn maps_of(app: &App, core: &Arc<Core>, briefing: &Briefing, theme: DeckTheme) -> Vec<PageMap> {
    let still = |page: &BriefingPage| page.look.as_ref().map(|it| Still::of(it, map_size(page), theme));
    let wanted: Vec<Option<Still>> = briefing.pages.iter().map(still).collect();
    if let Some(why) = why_no_maps(app, core) {
        return wanted.into_iter().map(|it| it.map(|_| Err(why.clone()))).collect();
    }
    let _one_at_a_time = app.maps.drawing.lock().await;
    let mut all: Vec<(&Still, Result<Vec<u8>, String>)> = Vec::new();
    let mut missing: Vec<&Still> = Vec::new();
    for it in wanted.iter().flatten() {
        match app.maps.known(core.realm, it) {
            Some(png) => all.push((it, Ok(png))),
            None if missing.contains(&it) => {}
            None => missing.push(it),
        }
    }
    if !missing.is_empty() {
        let folder = core.dir.join("briefing-maps");
        let drawn = drawn_by(&program(), &app.hall.url, &app.token, theme, &missing, &folder).await;
        // It holds nothing that is not drawn again.
        let _ = tokio::fs::remove_dir_all(&folder).await;
        for (what, png) in missing.into_iter().zip(drawn) {
            match &png {
                Ok(png) => app.maps.keep(core.realm, what.clone(), png.clone()),
                Err(why) => tracing::warn!(%why, "a briefing's map could not be drawn"),
            }
            all.push((what, png));
        }
    }
    let found = |it: &Still| all.iter().find(|(what, _)| *what == it).map(|it| it.1.clone());
    wanted.iter().map(|it| it.as_ref().and_then(found)).collect()
}

fn why_no_maps(app: &App, core: &Arc<Core>) -> Option<String> {
    if app.hall.past().is_some() {
        return Some("大屏正在复盘，地图不是此刻的".into());
    }
    let followed = app.hall.core_for(Watch::Follow).is_some_and(|it| Arc::ptr_eq(&it, core));
    (!followed).then(|| "正在演练，大屏画的是演练的城市".into())
}

/// Pictures of the city by `program`, one for each that is wanted; `folder` is its own.
async fn drawn_by(
    program: &Path,
    hub: &str,
    token: &str,
    theme: DeckTheme,
    wanted: &[&Still],
    folder: &Path,
) -> Vec<Result<Vec<u8>, String>> {
    // Left by a request that was broken off, an older map would pass for one of now.
    let emptied = tokio::fs::remove_dir_all(folder).await;
    if let Err(why) = emptied.or_else(|why| if why.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(why) })
    {
        return wanted.iter().map(|_| Err(format!("{}：{why}", folder.display()))).collect();
    }
    let files: Vec<PathBuf> = (0..wanted.len()).map(|i| folder.join(format!("{i}.png"))).collect();
    let ended = draw(program, hub, token, theme, wanted, &files, folder).await;
    let mut pictures = Vec::with_capacity(files.len());
    for file in files {
        // What was drawn before it failed is good.
        let read = tokio::fs::read(&file).await;
        pictures.push(match &ended {
            Err(why) => read.map_err(|_| why.clone()),
            Ok(()) => read.map_err(|why| format!("读不了地图图片：{why}")),
        });
    }
    pictures
}

async fn draw(
    program: &Path,
    hub: &str,
    token: &str,
    theme: DeckTheme,
    wanted: &[&Still],
    files: &[PathBuf],
    folder: &Path,
) -> Result<(), String> {
    #[derive(Serialize)]
    struct Wanted<'a> {
        file: &'a Path,
        #[serde(flatten)]
        still: &'a Still,
    }
    let list: Vec<Wanted<'_>> = files.iter().zip(wanted).map(|(file, still)| Wanted { file, still }).collect();
    let text = serde_json::to_string(&list).map_err(|why| why.to_string())?;
    let list = folder.join("wanted.json");
    let unwritten = |why: std::io::Error| format!("{}：{why}", folder.display());
    tokio::fs::create_dir_all(folder).await.map_err(unwritten)?;
    tokio::fs::write(&list, text).await.map_err(unwritten)?;
    let theme = match theme {
        DeckTheme::Light => "light",
        DeckTheme::Dark => "dark",
    };
    let child = Command::new(program)
        .args(["--headless", "--hub", hub, "--patience", "50", "--theme", theme, "--stills"])
        .arg(&list)
        // Not among its arguments, which others on this machine can read.
        .env("GULANG_TOKEN", token)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let child = child.map_err(|why| {
        format!("大屏程序 {} 启动不了（{why}）；安装 gulang-wall，或用 GULANG_WALL 指明", program.display())
    })?;
    let limit = MAPS_LIMIT + MAP_LIMIT * wanted.len() as u32;
    let ended = tokio::time::timeout(limit, child.wait_with_output()).await;
    let ended = ended.map_err(|_| format!("{} 秒没有画完", limit.as_secs()))?;
    let ended = ended.map_err(|why| format!("大屏程序断开：{why}"))?;
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    let last = said.lines().rev().find(|it| !it.trim().is_empty()).unwrap_or_default();
    let last: String = last.chars().take(160).collect();
    Err(format!("大屏程序没有画成：{last}"))
}

/// Beside this program, where the build puts tests' programs above, or in the path.
fn program() -> PathBuf {
    if let Some(named) = std::env::var_os("GULANG_WALL") {
        return named.into();
    }
    let name = format!("gulang-wall{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok().and_then(|it| it.parent().map(|dir| dir.join(&name)));
    let above = beside.as_ref().and_then(|it| it.parent()?.parent().map(|dir| dir.join(&name)));
    beside.into_iter().chain(above).find(|it| it.is_file()).unwrap_or_else(|| name.into())
}

// ---------------------------------------------------------------- what is news

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct News {
    /// The record they come after, and when it was.
    since_seq: u64,
    since_ms: i64,
    /// The briefing that was shown then; empty for a record somebody named.
    shown: String,
    /// The last record they know of.
    seq: u64,
    /// How many of each kind, all of them.
    sums: Vec<Sum>,
    /// The latest, in the order they happened.
    lines: Vec<Line>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Sum {
    kind: &'static str,
    n: u64,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    at_ms: i64,
    kind: &'static str,
    text: String,
    who: String,
    records: Vec<u64>,
}

/// 上次会商以来：时间线与各类多少；不写 seq 从上一次放映简报算起
#[utoipa::path(get, path = "/api/briefings/since", params(("realm" = Option<String>, Query, description = "actual | exercise"), ("seq" = Option<u64>, Query, description = "从这条记录之后")), responses((status = 200, description = "{since_seq, since_ms, shown, seq, sums: [{kind, n}], lines: [{at_ms, kind, text, who, records}]}", content_type = "application/json"), (status = 404, description = "没有放映过，或没有这条记录")))]
pub async fn since(State(app): State<App>, Query(asked): Query<Asked>) -> Result<Json<News>, Response> {
    let core = core_of(&app.hall, asked.realm)?;
    let shown = {
        let city = core.city();
        shown_before(&city).cloned()
    };
    let dir = core.dir.clone();
    // The whole log is folded.
    let told = tokio::task::spawn_blocking(move || news_of(&dir, asked.seq, shown.as_ref()));
    let failed = |why: tokio::task::JoinError| (StatusCode::INTERNAL_SERVER_ERROR, why.to_string()).into_response();
    told.await.map_err(failed)?.map(Json).map_err(|why| why.response())
}

/// The last showing that is over: the one that is on now is what the news are for.
fn shown_before(city: &City) -> Option<&Showing> {
    let mut showings = city.showings.iter().rev();
    let last = showings.next()?;
    let is_on = scene_briefing(&city.scene).is_some_and(|it| it.0 == last.briefing);
    if is_on { showings.next() } else { Some(last) }
}

fn news_of(dir: &Path, seq: Option<u64>, shown: Option<&Showing>) -> Result<News, BriefingError> {
    let (seq, from, title) = match (seq, shown) {
        (Some(seq), _) => {
            // Record 0 is the founding, which is none.
            let first = Log::read(dir, seq.max(1), 1)?.into_iter().next();
            let at = first.filter(|it| it.seq == seq.max(1)).ok_or(BriefingError::NoRecord(seq))?.at;
            (seq, at, String::new())
        }
        (None, Some(it)) => (it.seq, it.at, it.title.to_string()),
        (None, None) => return Err(BriefingError::NeverShown),
    };
    let told = crate::review::review_beside(dir, Some(from), None, |_| Vec::new())?;
    Ok(news(&told.review, seq, from, title))
}

fn news(review: &Review, seq: u64, from: Timestamp, shown: String) -> News {
    // Records of the very moment may come before the one named.
    let is_new = |it: &&Moment| it.records.iter().any(|it| *it > seq);
    let mut sums: BTreeMap<&'static str, u64> = BTreeMap::new();
    for it in review.moments.iter().filter(is_new) {
        *sums.entry(it.kind.name_zh()).or_default() += u64::from(it.n);
    }
    let line = |it: &Moment| Line {
        at_ms: it.at.0,
        kind: it.kind.name_zh(),
        text: it.text.clone(),
        who: it.who.clone(),
        records: it.records.iter().copied().filter(|it| *it > seq).collect(),
    };
    let mut lines: Vec<Line> = review.moments.iter().filter(is_new).map(line).collect();
    lines.drain(..lines.len().saturating_sub(MAX_NEWS));
    News {
        since_seq: seq,
        since_ms: from.0,
        shown,
        seq: review.last_record.max(seq),
        sums: sums.into_iter().map(|(kind, n)| Sum { kind, n }).collect(),
        lines,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::{KeptBriefing, LonLat, review::MomentKind, tiny_pack};

    fn look(layers: &[&str]) -> Look {
        let layers = layers.iter().map(|it| (*it).into()).collect();
        Look { at: LonLat(118.1, 24.5), metres: 40_000.0, bearing: 0.0, tilt: 30.0, layers }
    }

    fn still(layers: &[&str], theme: DeckTheme) -> Still {
        Still::of(&look(layers), (2120, 1280), theme)
    }

    #[test]
    fn a_map_is_kept_for_its_realm_look_and_theme() {
        let maps = Maps::default();
        let [light, dark] = [DeckTheme::Light, DeckTheme::Dark].map(|it| still(&["rain"], it));
        maps.keep(Realm::Actual, light.clone(), vec![1]);
        assert_eq!(maps.known(Realm::Actual, &light), Some(vec![1]));
        assert_eq!(maps.known(Realm::Actual, &dark), None);
        assert_eq!(maps.known(Realm::Actual, &still(&[], DeckTheme::Light)), None);
        assert_eq!(maps.known(Realm::Exercise, &light), None);
        for i in 0..MAX_MAPS {
            maps.keep(Realm::Actual, still(&[&i.to_string()], DeckTheme::Light), vec![0]);
        }
        assert_eq!(maps.known(Realm::Actual, &light), None, "the oldest makes room");
    }

    async fn drawn(program: &str, folder: &Path) -> Vec<Result<Vec<u8>, String>> {
        let wanted = [still(&["rain", "--token"], DeckTheme::Dark), still(&[], DeckTheme::Dark)];
        let wanted: Vec<&Still> = wanted.iter().collect();
        drawn_by(Path::new(program), "http://127.0.0.1:9", "t", DeckTheme::Dark, &wanted, folder).await
    }

    #[tokio::test]
    async fn a_wall_that_does_not_draw_says_why() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("maps");
        for (program, why) in [("/nonexistent/gulang-wall", "GULANG_WALL"), ("false", "没有画成"), ("true", "读不了")]
        {
            let drawn = drawn(program, &folder).await;
            assert_eq!(drawn.len(), 2);
            assert!(drawn.iter().all(|it| it.as_ref().is_err_and(|it| it.contains(why))), "{drawn:?}");
        }
        let told = std::fs::read_to_string(folder.join("wanted.json")).expect("what was wanted");
        for words in ["0.png", "1.png", "[118.1,24.5,40000.0,0.0,30.0]", "[2120,1280]", r#"["rain","--token"]"#] {
            assert!(told.contains(words), "{words}: {told}");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_was_drawn_before_a_failure_is_good_and_what_lay_there_before_is_not() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("maps");
        std::fs::create_dir_all(&folder).expect("a folder");
        for file in ["0.png", "1.png"] {
            std::fs::write(folder.join(file), "old").expect("an old picture");
        }
        let wall = dir.path().join("wall");
        let text = format!("#!/bin/sh\nprintf new > {}/0.png\nexit 1\n", folder.display());
        std::fs::write(&wall, text).expect("a program");
        std::fs::set_permissions(&wall, std::fs::Permissions::from_mode(0o755)).expect("it may run");
        let drawn = drawn(&wall.to_string_lossy(), &folder).await;
        assert!(drawn[0] == Ok(b"new".to_vec()) && drawn[1].is_err(), "{drawn:?}");
    }

    fn city() -> City {
        let mut city = City::found(&tiny_pack(), Realm::Actual);
        for id in ["a", "b"] {
            let page = BriefingPage { headline: "一句".into(), ..BriefingPage::default() };
            let briefing = Briefing { title: id.into(), pages: vec![page], ..Briefing::default() };
            city.briefings.insert(id.into(), KeptBriefing { briefing, ..KeptBriefing::default() });
        }
        let showing = |id: &str, seq: u64| Showing {
            briefing: id.into(),
            title: id.into(),
            at: Timestamp(seq as i64 * 1000),
            seq,
        };
        city.showings = vec![showing("a", 5), showing("b", 9)];
        city
    }

    #[test]
    fn news_begin_with_the_last_showing_that_is_over() {
        let mut city = city();
        assert_eq!(shown_before(&city).map(|it| it.seq), Some(9));
        city.scene = "brief:1:b".into();
        assert_eq!(shown_before(&city).map(|it| it.seq), Some(5));
        city.showings.remove(0);
        assert_eq!(shown_before(&city), None);
        let shown: Vec<(String, Vec<i64>)> = listed(&city).into_iter().map(|it| (it.id, it.shown)).collect();
        assert_eq!(shown, [("a".to_owned(), vec![]), ("b".to_owned(), vec![9000])]);
    }

    #[test]
    fn news_are_what_came_after_the_record() {
        let moment = |kind, n, records: &[u64]| Moment {
            at: Timestamp(9000),
            kind,
            n,
            text: "事".into(),
            who: "席".into(),
            records: records.to_vec(),
        };
        let moments = vec![
            moment(MomentKind::Alarm, 1, &[9]),
            moment(MomentKind::Alarm, 2, &[9, 10]),
            moment(MomentKind::Order, 3, &[11, 12, 13]),
        ];
        let review = Review { moments, last_record: 13, ..Review::default() };
        let told = news(&review, 9, Timestamp(9000), "会商".into());
        assert_eq!(told.sums, [Sum { kind: "下达", n: 3 }, Sum { kind: "告警", n: 2 }]);
        assert_eq!(told.lines.iter().map(|it| it.records.clone()).collect::<Vec<_>>(), [vec![10], vec![11, 12, 13]]);
        assert_eq!((told.since_seq, told.seq), (9, 13));
    }

    #[test]
    fn a_log_without_the_record_has_no_news() {
        let why = news_of(Path::new("/nonexistent"), None, None).expect_err("never shown");
        assert_eq!(why.response().status(), StatusCode::NOT_FOUND);
        assert!(why.to_string().contains("seq="));
    }
}
