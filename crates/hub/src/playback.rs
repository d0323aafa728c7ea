//! 复盘 in the hall: who may open a log for everybody, when that is refused, and when reality takes the hall back.
//!
//! What is open is a [`Past`], which can send nothing. It is opened only in quiet: no exercise runs, the actual city stands in
//! peace and nothing is recommended to it. It is closed by whoever may, by an exercise that starts, and by the actual city
//! when its footing changes, a level is recommended or a red warning comes.

use crate::{
    hall::{Hall, HubError},
    past::Past,
    realm::{Actual, Exercise, RealmKind},
};
use gulang_city::{City, DistrictId, Footing, Realm, Record, SeatId, Timestamp, WarningColor, WarningId};
use gulang_wire::Playback;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Weak},
};
use tokio::sync::{
    broadcast::{self, error::RecvError},
    watch,
};

/// Who may take the whole hall into an exercise may take it into the past.
const MAY: &str = "start_exercise";

impl Hall {
    /// The playback that is open.
    pub fn past(&self) -> Option<Arc<Past>> {
        self.past.borrow().clone()
    }

    /// Fires when a playback opens or closes.
    pub fn past_changes(&self) -> watch::Receiver<Option<Arc<Past>>> {
        self.past.subscribe()
    }

    pub async fn playback(self: &Arc<Self>, seat: &SeatId, asked: Playback) -> Result<(), HubError> {
        self.may_play_back(seat)?;
        match asked {
            Playback::Open { log, from, to } => return self.open_past(&log, from, to).await,
            Playback::Seek { to } => self.opened()?.seek(to),
            Playback::SetSpeed { speed, paused } => self.opened()?.set_speed(speed, paused),
            Playback::Bookmark { at, text } => {
                let past = self.opened()?;
                let (first, last) = past.stretch();
                let (at, by) = (at.clamp(first, last), seat.clone());
                let put = tokio::task::spawn_blocking(move || past.bookmarks.put(at, &text, &by)).await;
                put.map_err(refused)?.map_err(refused)?;
            }
            Playback::Close => {
                self.opened()?;
                self.close_past("席位关闭").await;
            }
        }
        Ok(())
    }

    fn opened(&self) -> Result<Arc<Past>, HubError> {
        self.past().ok_or_else(|| refused("没有打开的复盘"))
    }

    fn may_play_back(&self, seat: &SeatId) -> Result<(), HubError> {
        let city = self.actual().city();
        let role = city.roles.role_of(seat);
        if role.may(MAY) {
            return Ok(());
        }
        Err(refused(format!("席位「{seat}」的角色是「{}」，不能带全厅复盘", role.name)))
    }

    async fn open_past(
        self: &Arc<Self>,
        log: &str,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<(), HubError> {
        let _one_at_a_time = self.opening.lock().await;
        self.quiet(self.exercise.lock().await.is_some())?;
        // Heard from before the first look, so that nothing falls between the two.
        let records = self.actual().records();
        let before = Reality::of(&self.actual().city());
        let past = self.read_past(log, from, to).await?;
        let exercise = self.exercise.lock().await;
        // Reading it took a while.
        let overtaken = before.overtaken_by(&self.actual().city());
        if let Err(why) = self.quiet(exercise.is_some()).and(overtaken.map_or(Ok(()), |why| Err(refused(why)))) {
            end(past).await;
            return Err(why);
        }
        tracing::info!(log, from = %past.stretch().0.to_beijing_text(), "a playback is open");
        tokio::spawn(give_way(Arc::downgrade(self), Arc::downgrade(&past), before, records));
        if let Some(replaced) = self.past.send_replace(Some(past)) {
            end(replaced).await;
        }
        Ok(())
    }

    async fn read_past(
        &self,
        log: &str,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Arc<Past>, HubError> {
        let dir = self.logs.dir_of(log).ok_or_else(|| refused(format!("没有这份日志：{log}")))?;
        let (logs, id) = (self.logs.clone(), log.to_owned());
        let scenarios = self.scenarios_dir().map(std::path::Path::to_owned);
        // Exercises are always simulated.
        let simulated = log != Actual::FOLDER || self.actual().simulated;
        let opened = tokio::task::spawn_blocking(move || {
            let about = logs.entry(&id).ok_or_else(|| "这份日志还没有记录，或者读不了".to_owned())?;
            Past::open(about, &dir, (from, to), scenarios.as_deref(), simulated).map_err(|why| why.to_string())
        });
        opened.await.map_err(refused)?.map_err(refused)
    }

    /// Why nothing may be looked back at now.
    fn quiet(&self, has_exercise: bool) -> Result<(), HubError> {
        if has_exercise {
            return Err(refused("演练进行中，先结束演练再复盘"));
        }
        let city = self.actual().city();
        if city.is_any_war() {
            return Err(refused("实战处于战时，不能带全厅复盘"));
        }
        if city.recommendation.is_some() {
            return Err(refused("实战有待确认的定级建议，先处置再复盘"));
        }
        Ok(())
    }

    /// Closes what is open, if anything is; screens go back to the city at work.
    pub(crate) async fn close_past(&self, why: &str) {
        let Some(past) = self.past.send_replace(None) else { return };
        tracing::info!(log = %past.about.id, why, "the playback is closed");
        end(past).await;
    }

    /// Every log there is, with which of them are being written. Reads files.
    pub async fn list_logs(&self) -> Vec<crate::logs::LogEntry> {
        let logs = self.logs.clone();
        let mut list = tokio::task::spawn_blocking(move || logs.list()).await.unwrap_or_default();
        let has_exercise = self.changes().borrow().is_some();
        for it in &mut list {
            it.is_open = it.realm == Realm::Actual || (has_exercise && it.id == Exercise::FOLDER);
        }
        list
    }
}

/// Off the async threads: its own is waited for.
async fn end(past: Arc<Past>) {
    if tokio::task::spawn_blocking(move || past.close()).await.is_err() {
        tracing::error!("the playback could not be closed");
    }
}

fn refused(why: impl ToString) -> HubError {
    HubError::Refused(why.to_string())
}

/// What of the actual city the past must not hide.
struct Reality {
    footing: Footing,
    footings: BTreeMap<DistrictId, Footing>,
    red_warnings: BTreeSet<WarningId>,
}

impl Reality {
    fn of(city: &City) -> Self {
        Self { footing: city.footing.clone(), footings: city.footings.clone(), red_warnings: red_warnings(city) }
    }

    /// What happened since that takes the hall back.
    fn overtaken_by(&self, city: &City) -> Option<&'static str> {
        if city.footing != self.footing || city.footings != self.footings {
            return Some("实战的平战状态变了");
        }
        if city.recommendation.is_some() {
            return Some("实战有新的定级建议");
        }
        (!red_warnings(city).is_subset(&self.red_warnings)).then_some("实战有新的红色预警")
    }
}

fn red_warnings(city: &City) -> BTreeSet<WarningId> {
    let red = city.warnings.values().filter(|it| it.color == WarningColor::Red && !it.cancelled && !it.exercise);
    red.map(|it| it.id.clone()).collect()
}

/// Closes this playback when reality asks for the hall. Only looks when something was recorded; how much it missed does not
/// matter, as it looks at the city itself.
async fn give_way(
    hall: Weak<Hall>,
    past: Weak<Past>,
    before: Reality,
    mut records: broadcast::Receiver<Arc<Vec<Record>>>,
) {
    loop {
        if matches!(records.recv().await, Err(RecvError::Closed)) {
            return;
        }
        let (Some(hall), Some(past)) = (hall.upgrade(), past.upgrade()) else { return };
        if hall.past().is_none_or(|open| !Arc::ptr_eq(&open, &past)) {
            return;
        }
        let overtaken = before.overtaken_by(&hall.actual().city());
        if let Some(why) = overtaken {
            return hall.close_past(why).await;
        }
    }
}
