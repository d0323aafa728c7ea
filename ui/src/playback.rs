//! 复盘 as this screen has it: what may be opened, and the story told of what is open. Both are asked of the hub beside the
//! loop; the city at the moment looked back at comes through the hall like any other.

use crate::{net::Address, platform};
use gulang_city::{
    Realm, Timestamp,
    compare::{AgencyAnswers, PlanRow, answers, plan_rows},
    review::Review,
    score::ScoreSheet,
};
use gulang_wire::{Clock, ClockKind};
use serde::Deserialize;
use std::sync::{Mutex, mpsc};

/// A log that may be opened, as `GET /api/logs` lists it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct LogRow {
    pub id: String,
    pub realm: Realm,
    pub title: String,
    pub from_ms: i64,
    pub to_ms: i64,
    pub n_records: u64,
    /// Still being written.
    pub is_open: bool,
}

/// What may be opened, or why nobody knows.
pub type LogsAnswer = Result<Vec<LogRow>, String>;

/// A remark kept beside the log.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Bookmark {
    pub at_ms: i64,
    pub text: String,
    #[serde(default)]
    pub by: String,
}

/// The story of the open playback, as `GET /api/playback` tells it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Story {
    pub log: String,
    #[serde(default)]
    pub realm: Realm,
    pub title: String,
    pub from_ms: i64,
    pub to_ms: i64,
    pub n_records: u64,
    /// Every record followed on the one before it, and every signature held.
    pub chain_ok: bool,
    #[serde(default)]
    pub bookmarks: Vec<Bookmark>,
    pub review: Review,
    pub score: ScoreSheet,
    /// Drawn from the review once, when it came.
    #[serde(skip)]
    pub answers: Vec<AgencyAnswers>,
    #[serde(skip)]
    pub plan: Vec<PlanRow>,
    /// Another with every story that came.
    #[serde(skip)]
    pub serial: u64,
}

impl Story {
    pub fn from(&self) -> Timestamp {
        Timestamp(self.from_ms)
    }

    pub fn to(&self) -> Timestamp {
        Timestamp(self.to_ms)
    }

    /// Fills in what is counted from the review.
    pub fn counted(mut self, serial: u64) -> Self {
        self.answers = answers(&self.review);
        self.plan = plan_rows(&self.review, &self.score.reference);
        self.serial = serial;
        self
    }

    /// The moment `by` events after `now`, before it if negative; an end of what is open if there are no more. A clock that
    /// runs has always just passed one: what is nearer behind than `slack_ms` is passed over.
    pub fn step(&self, now: Timestamp, by: i32, slack_ms: i64) -> Timestamp {
        let mut stops: Vec<Timestamp> = self.review.moments.iter().map(|it| it.at).collect();
        stops.extend(self.bookmarks.iter().map(|it| Timestamp(it.at_ms)));
        stops.retain(|it| (self.from()..=self.to()).contains(it));
        stops.sort_unstable();
        stops.dedup();
        let n = by.unsigned_abs().max(1) as usize - 1;
        if by < 0 {
            stops.iter().rev().filter(|it| **it < now + -slack_ms).nth(n).copied().unwrap_or(self.from())
        } else {
            stops.iter().filter(|it| **it > now).nth(n).copied().unwrap_or(self.to())
        }
    }

    /// `now` within what is open: a screen's clock runs on a little between the hub's words.
    pub fn within(&self, now: Timestamp) -> Timestamp {
        now.max(self.from()).min(self.to().max(self.from()))
    }
}

/// What came for the panels.
#[derive(Debug)]
pub enum PlaybackNews {
    Logs(LogsAnswer),
    /// Where the report lies, or why there is none.
    Report(Result<String, String>),
}

enum Letter {
    News(PlaybackNews),
    Story(u64, Result<Box<Story>, String>),
}

/// Asks again after so long where there was no answer, s.
const RETRY_SECS: f64 = 2.0;
/// A story is of another log when the clock is so far out of it, ms; less may be a clock run on.
const ELSEWHERE_MS: i64 = 30 * 60_000;

/// What was asked of the hub about playback and has not been looked at yet.
pub struct PlaybackMail {
    sender: mpsc::Sender<Letter>,
    /// Bevy's resources must be shareable; only the main thread listens.
    receiver: Mutex<mpsc::Receiver<Letter>>,
    story: Option<Story>,
    failure: Option<String>,
    /// When to ask for the story, s; `None` while it is under way or here.
    due: Option<f64>,
    /// The latest question; the answers of earlier ones are passed over.
    serial: u64,
    is_replay: bool,
}

impl Default for PlaybackMail {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel();
        let receiver = Mutex::new(receiver);
        Self { sender, receiver, story: None, failure: None, due: None, serial: 0, is_replay: false }
    }
}

impl PlaybackMail {
    pub fn story(&self) -> Option<&Story> {
        self.story.as_ref()
    }

    /// Why there is no story yet.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    pub fn ask_logs(&self, address: &Address) {
        let sender = self.sender.clone();
        platform::fetch(address.logs_url(), move |got| {
            let answer = got.and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()));
            // The app is gone if nobody listens.
            let _ = sender.send(Letter::News(PlaybackNews::Logs(answer)));
        });
    }

    /// Fetches the report of what is open; `form` is `pdf` or `docx`.
    pub fn save_report(&self, address: &Address, form: &str) {
        let Some(story) = &self.story else { return };
        let sender = self.sender.clone();
        let url = address.report_url(form, story.realm, story.from(), story.to());
        let stamp = story.from().beijing().strftime("%Y%m%d-%H%M").to_string();
        let name = format!("gulang-review-{stamp}.{form}");
        platform::save(url, name, move |saved| {
            let _ = sender.send(Letter::News(PlaybackNews::Report(saved)));
        });
    }

    /// Another log was asked for, or something was added to this one: the story is told anew at `time`, s.
    pub fn ask_again(&mut self, time: f64) {
        self.due = Some(time);
    }

    /// Every frame: keeps the story of what the hub plays, and none while it plays nothing. `time` is in seconds.
    pub fn follow(&mut self, address: &Address, realm: Realm, clock: &Clock, time: f64) {
        let is_replay = matches!(clock.kind, ClockKind::Replay { .. });
        if !is_replay {
            (self.story, self.failure, self.due, self.is_replay) = (None, None, None, false);
            return;
        }
        let is_elsewhere = self
            .story
            .as_ref()
            .is_some_and(|it| it.realm != realm || it.within(clock.now).since_ms(clock.now).abs() > ELSEWHERE_MS);
        if !self.is_replay || is_elsewhere {
            (self.story, self.is_replay, self.due) = (None, true, Some(time));
        }
        if self.due.is_none_or(|due| time < due) {
            return;
        }
        self.due = None;
        self.serial += 1;
        let (sender, serial) = (self.sender.clone(), self.serial);
        platform::fetch(address.playback_url(), move |got| {
            let story = got.and_then(|bytes| serde_json::from_slice::<Story>(&bytes).map_err(|it| it.to_string()));
            let _ = sender.send(Letter::Story(serial, story.map(|it| Box::new(it.counted(serial)))));
        });
    }

    /// What came since the last look. `time` is in seconds.
    pub fn poll(&mut self, time: f64) -> Vec<PlaybackNews> {
        let letters: Vec<Letter> = self.receiver.lock().map(|it| it.try_iter().collect()).unwrap_or_default();
        let mut news = Vec::new();
        for letter in letters {
            match letter {
                Letter::News(it) => news.push(it),
                Letter::Story(serial, _) if serial != self.serial || !self.is_replay => {}
                Letter::Story(_, Ok(story)) => (self.story, self.failure) = (Some(*story), None),
                Letter::Story(_, Err(why)) => {
                    self.failure = Some(why);
                    self.due = Some(time + RETRY_SECS);
                }
            }
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::review::{Moment, MomentKind};

    fn moment(at: i64) -> Moment {
        let (text, who) = (String::new(), String::new());
        Moment { at: Timestamp(at), kind: MomentKind::Alarm, n: 1, text, who, records: vec![1] }
    }

    #[test]
    fn the_hubs_story_is_read_as_the_citys_own_types() {
        let review = Review { moments: vec![moment(60_000)], ..Review::default() };
        let json = serde_json::json!({
            "log": "exercise-1", "realm": "exercise", "title": "杜苏芮", "from_ms": 0, "to_ms": 100_000, "n_records": 12,
            "chain_ok": true, "bookmarks": [{"at_ms": 30_000, "text": "这里", "by": "值班席 01"}],
            "review": review, "score": ScoreSheet::default(),
        });
        let story: Story = serde_json::from_value(json).expect("the hub's own form");
        assert_eq!((story.realm, story.bookmarks.len(), story.review), (Realm::Exercise, 1, review));
    }

    #[test]
    fn steps_go_from_event_to_event_and_end_at_the_ends() {
        let review = Review { moments: vec![moment(10_000), moment(50_000), moment(50_000)], ..Review::default() };
        let bookmarks = vec![Bookmark { at_ms: 30_000, text: "这里".into(), by: String::new() }];
        let story = Story { to_ms: 100_000, review, bookmarks, ..Story::default() };
        let step = |now: i64, by: i32, slack: i64| story.step(Timestamp(now), by, slack).ms();
        assert_eq!(
            [step(0, 1, 0), step(10_000, 1, 0), step(0, 3, 0), step(60_000, 1, 0)],
            [10_000, 30_000, 50_000, 100_000]
        );
        assert_eq!([step(50_000, -1, 0), step(10_000, -1, 0), step(60_000, -2, 0)], [30_000, 0, 30_000]);
        assert_eq!(step(50_500, -1, 1000), 30_000, "one just passed is not gone back to");
        assert_eq!(story.within(Timestamp(200_000)), Timestamp(100_000));
    }
}
