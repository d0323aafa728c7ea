//! How screens and the hub talk: binary WebSocket frames, one postcard value each.
//!
//! The first frame either way is the handshake; then the hub sends a snapshot and, after it, records and columns as they
//! come. Every frame to a screen carries the hub's clock and the realm, so no window can forget which it shows.
//!
//! **Invariant:** knows neither the hub's insides nor the screen's. No tokio, no bevy.

use gulang_city::{
    Command, Feed, Fix, LiveQuality, RainField, Realm, Record, Refusal, SeatId, Telemetry, Text, ThingsChange,
    Timestamp,
};
use serde::{Deserialize, Serialize};

/// Refused on mismatch: a screen and its hub are always of one release.
pub const VERSION: u32 = 8;
/// Larger frames are refused before decoding.
pub const MAX_FRAME_BYTES: usize = 64 * 1024 * 1024;

/// Which clock the hub runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum ClockKind {
    Live,
    Exercise { speed: f32, paused: bool },
    Replay { speed: f32, paused: bool },
}

/// The hub's clock at the moment a frame left.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    pub now: Timestamp,
    pub wall: Timestamp,
    pub kind: ClockKind,
}

/// Hub → screen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToScreen {
    pub realm: Realm,
    pub clock: Clock,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Body {
    /// First, in answer to [`ToHub::Hello`]. `simulated`: everything below comes from the simulated city.
    Welcome {
        version: u32,
        simulated: bool,
        city_id: String,
    },
    /// The whole city (`City::to_bytes`) and readings (postcard of `Readings`) as of now; also after a gap, after falling
    /// behind, and when the realm changes.
    Snapshot {
        city: Vec<u8>,
        readings: Vec<u8>,
    },
    Records(Vec<Record>),
    Columns(Columns),
    /// One picture of a feed this screen watches ([`ToHub::WatchFeeds`]).
    Picture(Picture),
    /// Every feed this screen watches and every one the hub has open, whenever one of them changes and once after
    /// [`ToHub::WatchFeeds`].
    Feeds(Vec<FeedStatus>),
    /// The answer to one submitted command.
    Answer {
        ticket: u64,
        result: Result<u64, Refusal>,
    },
    /// Clock and lamps alone, at least once a second.
    Beat,
    /// What changed in one register since the last such frame of it, at most twice a second; larger changes come in parts.
    ///
    /// The register itself is fetched (`GET /inventory/{id}`): a screen keeps the changes that come while it waits for it
    /// and takes them after; `Inventory::apply` passes over the older ones.
    Things(ThingsChange),
    /// The screen's copy of this register may miss changes, or the register was replaced: fetch it again.
    ThingsStale {
        inventory: Text,
    },
    /// Drones whose telemetry changed, by handle, about twice a second.
    Telemetry(Vec<(u32, Telemetry)>),
    /// A rain field that came or was made anew; a snapshot carries those before.
    Rain(RainField),
}

/// One picture, as JPEG: no host of a screen lacks a decoder for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    pub feed: Feed,
    /// Counted by the hub since it opened the feed; a gap is pictures not sent to this screen.
    pub n: u64,
    /// The hub's clock when it was taken, if the source says; else when it came.
    pub at: Timestamp,
    /// From the lens, or the first byte if the lens says nothing, until the frame left the hub, ms.
    pub delay_ms: u32,
    pub simulated: bool,
    pub width: u16,
    pub height: u16,
    pub jpeg: Vec<u8>,
}

/// Where a feed is on its way to a picture. Each is shown as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FeedState {
    /// 呼叫: the platform is asked for a stream.
    Calling,
    /// 建立: the stream's address is known, its server is being talked to.
    Inviting,
    /// 首包: packets come, no whole picture yet.
    FirstPacket,
    Playing,
    /// No picture for longer than the budget; it is being asked for again.
    Stalled,
    /// Only stills are to be had.
    Snapshot,
    /// Not to be had for now; `why` says it, and when it is tried again.
    Failed,
    /// Nobody watches it.
    Closed,
}

/// How a feed does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeedStatus {
    pub feed: Feed,
    pub state: FeedState,
    /// When it came into this state, the hub's clock.
    pub since: Timestamp,
    /// Of a state that is not well: why, and what to do.
    pub why: Text,
    /// Such as `RTSP/TCP H.264 1280×720`.
    pub form: Text,
    /// Pictures a second, over the last seconds.
    pub fps: f32,
    /// Median and 95th percentile of the pictures' delay over the last seconds, ms.
    pub delay_ms: [u32; 2],
    /// Pictures the source counted and that never came.
    pub n_lost: u64,
    pub n_retries: u32,
    pub n_watchers: u32,
    /// It can be turned ([`ToHub::Steer`]).
    pub can_steer: bool,
    /// Whose hand is on it, and until when.
    pub wheel: Option<(SeatId, Timestamp)>,
    /// A clip of it is being kept around an order or alarm.
    pub is_kept: bool,
}

/// A feed as one screen wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    pub feed: Feed,
    /// No wider than this, px; the hub chooses the next size it makes.
    pub width: u16,
    /// No more pictures a second than this.
    pub fps: u8,
}

/// A hand on a camera: each axis −1 … 1, all 0 stops it. Repeated at least every second while held, or the hub stops it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Motion {
    /// Right is positive.
    pub pan: f32,
    /// Up is positive.
    pub tilt: f32,
    /// In is positive.
    pub zoom: f32,
}

/// What may be asked of a picture that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Adjustment {
    Quality(LiveQuality),
    /// One of those its platform told, such as `wide`.
    Lens(Text),
}

/// What changed in the readings since the last frame: parallel arrays per lane.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Columns {
    pub gauge_handles: Vec<u32>,
    pub gauge_values: Vec<f32>,
    pub gauge_at: Vec<Timestamp>,
    pub teams: Vec<(u32, Fix)>,
    pub drones: Vec<(u32, Fix)>,
    pub heard: Vec<(gulang_city::PlatformId, Timestamp)>,
    pub n_dropped: u64,
}

/// Screen → hub.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToHub {
    /// An empty seat is the city's own choice for a desk, `Roles::desk_seat`.
    Hello { version: u32, seat: SeatId, watch: Watch },
    /// `ticket` comes back in the answer; the record comes back as everybody's.
    Submit { ticket: u64, command: Command },
    /// Starts or ends a drill: not a city command, as it makes or closes a realm.
    Drill(Drill),
    /// 复盘: what the hall looks back at; never a city command, as nothing in a review can send anything.
    Playback(Playback),
    /// The screen saw a gap or cannot decode: send a snapshot.
    Resync,
    /// The pictures this screen shows now; replaces what it wanted before. The hub opens each feed once, however many screens
    /// want it, and closes it a while after the last let go.
    WatchFeeds(Vec<Wanted>),
    /// Turns a camera. The first to turn it holds the wheel until it lets go or is still for half a minute.
    Steer { feed: Feed, motion: Motion },
    /// Lets the wheel go.
    LetGo { feed: Feed },
    /// Another quality or lens; what came of it stands beside the picture ([`FeedStatus::why`]).
    Adjust { feed: Feed, to: Adjustment },
}

/// Which realm a screen follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Watch {
    /** The exercise while one runs, else the actual city. */
    Follow,
    Only(Realm),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Drill {
    Start {
        scenario: String,
        seed: u64,
        speed: f32,
    },
    SetSpeed {
        speed: f32,
        paused: bool,
    },
    End,
    /// Ahead to this exercise time; never back.
    Jump {
        to: gulang_city::Timestamp,
    },
}

/// 复盘 for the whole hall: one clock over a log that is only read.
///
/// While a playback is open, every screen that follows ([`Watch::Follow`]) gets its city with [`ClockKind::Replay`]; what may be
/// opened, and the story told of it, is served at `/api/logs` and `/api/playback`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Playback {
    /// Opens a log by its id in `/api/logs` between two moments of its own clock; without them, all of it.
    Open {
        log: String,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    },
    /// The city as it was at this moment of the log's clock; held within what was opened.
    Seek {
        to: Timestamp,
    },
    SetSpeed {
        speed: f32,
        paused: bool,
    },
    /// A remark at a moment, kept beside the log and no part of the evidence; empty text takes it away.
    Bookmark {
        at: Timestamp,
        text: String,
    },
    Close,
}

#[derive(Debug, thiserror::Error)]
pub enum WireError {
    #[error("a frame of {n_bytes} bytes is larger than {MAX_FRAME_BYTES}")]
    TooLarge { n_bytes: usize },
    #[error("an unreadable frame of {n_bytes} bytes; the other side may be of another release")]
    Unreadable { n_bytes: usize, source: postcard::Error },
}

pub fn encode<T: Serialize>(frame: &T) -> Result<Vec<u8>, WireError> {
    postcard::to_stdvec(frame).map_err(|source| WireError::Unreadable { n_bytes: 0, source })
}

pub fn decode<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, WireError> {
    if bytes.len() > MAX_FRAME_BYTES {
        return Err(WireError::TooLarge { n_bytes: bytes.len() });
    }
    postcard::from_bytes(bytes).map_err(|source| WireError::Unreadable { n_bytes: bytes.len(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::{Area, City, Event, LonLat, Marking, MarkingId, MarkingKind, Readings, Source, tiny_pack};
    use proptest::prelude::*;

    const CLOCK: Clock = Clock {
        now: Timestamp(1_690_423_200_000),
        wall: Timestamp(1_790_000_000_000),
        kind: ClockKind::Exercise { speed: 60.0, paused: false },
    };

    #[track_caller]
    fn check(body: Body) {
        let frame = ToScreen { realm: Realm::Exercise, clock: CLOCK, body };
        let bytes = encode(&frame).expect("encodes");
        assert_eq!(decode::<ToScreen>(&bytes).expect("decodes"), frame);
        for n in 0..bytes.len().min(200) {
            assert!(decode::<ToScreen>(&bytes[..n]).is_err(), "{n} of {} bytes are no frame", bytes.len());
        }
    }

    #[track_caller]
    fn check_to_hub(frame: ToHub) {
        let bytes = encode(&frame).expect("encodes");
        assert_eq!(decode::<ToHub>(&bytes).expect("decodes"), frame);
    }

    #[test]
    fn every_frame_comes_back_as_it_was() {
        let fix = Fix {
            lon: 118.1,
            lat: 24.5,
            height: 90.0,
            heading: 10.0,
            speed: 3.0,
            battery: 70.0,
            mode: 5,
            at: CLOCK.now,
        };
        let record = Record {
            seq: 7,
            at: CLOCK.now,
            source: Source::Seat("值班长 01".into()),
            event: Event::SceneChanged { scene: "war".into() },
        };
        check(Body::Welcome { version: VERSION, simulated: true, city_id: "xiamen".into() });
        let marking = Marking {
            id: MarkingId(1),
            kind: MarkingKind::Closure {
                area: Area::Circle { center: LonLat(118.1, 24.5), radius_m: 50.0 },
                reason: "塌方".into(),
            },
            by: "值班长 01".into(),
            at: CLOCK.now,
            note: "".into(),
        };
        let drawn = Record { seq: 8, event: Event::MarkingPut { marking: marking.clone() }, ..record.clone() };
        let gone = Record { seq: 9, event: Event::MarkingRemoved { marking: marking.id }, ..record.clone() };
        check(Body::Records(vec![record, drawn, gone]));
        check(Body::Columns(Columns {
            gauge_handles: vec![0, 300, 70_000],
            gauge_values: vec![0.0, -1.5, f32::MAX],
            gauge_at: vec![CLOCK.now; 3],
            teams: vec![(1, fix)],
            drones: vec![(0, fix)],
            heard: vec![("yingji".into(), CLOCK.now)],
            n_dropped: 9,
        }));
        let feed = Feed::Drone("1581F".into());
        let picture = Picture {
            feed: feed.clone(),
            n: 7,
            at: CLOCK.now,
            delay_ms: 120,
            simulated: true,
            width: 480,
            height: 270,
            jpeg: vec![0xff, 0xd8],
        };
        check(Body::Picture(picture));
        check(Body::Feeds(vec![FeedStatus {
            feed,
            state: FeedState::Stalled,
            since: CLOCK.now,
            why: "没有数据包".into(),
            form: "RTSP/TCP H.264 1280×720".into(),
            fps: 0.0,
            delay_ms: [110, 240],
            n_lost: 3,
            n_retries: 1,
            n_watchers: 4,
            can_steer: true,
            wheel: Some(("值班长 01".into(), CLOCK.now)),
            is_kept: false,
        }]));
        check(Body::Answer { ticket: 3, result: Ok(12) });
        check(Body::Answer { ticket: 4, result: Err(Refusal::NeedsTwoSeats { have: 1 }) });
        check(Body::Beat);
        check(Body::Things(ThingsChange {
            inventory: "bike".into(),
            as_of: CLOCK.now,
            handles: vec![0, 7, 89_999],
            at: vec![[0, 0], [-250_000, 120_001], gulang_city::NOWHERE],
            heading: vec![0, 239, gulang_city::NO_HEADING],
            state: vec![0, 0, 3],
            value: vec![0.5, -1.0, 42.0],
            age: vec![0, 4, 900],
        }));
        check(Body::ThingsStale { inventory: "manhole".into() });
        let telemetry = Telemetry { at: CLOCK.now, wind_mps: Some(4.5), ..Telemetry::default() };
        check(Body::Telemetry(vec![(3, telemetry)]));
        check(Body::Rain(RainField {
            source: "雷达".into(),
            kind: gulang_city::RainKind::Nowcast,
            valid_at: CLOCK.now,
            issued_at: CLOCK.now,
            origin: LonLat(117.8, 24.2),
            step: (0.01, 0.01),
            n: (2, 2),
            values: vec![0.0, gulang_city::NO_RAIN_KNOWN, 12.5, 3.0].into(),
            simulated: true,
        }));
        check_to_hub(ToHub::Hello { version: VERSION, seat: "A".into(), watch: Watch::Only(Realm::Actual) });
        check_to_hub(ToHub::Submit { ticket: 1, command: Command::EndExercise });
        check_to_hub(ToHub::Submit {
            ticket: 2,
            command: Command::PutMarking { kind: marking.kind, note: marking.note },
        });
        check_to_hub(ToHub::Submit { ticket: 3, command: Command::RemoveMarking { marking: marking.id } });
        check_to_hub(ToHub::Drill(Drill::Start { scenario: "doksuri-2023".into(), seed: 1, speed: 60.0 }));
        check_to_hub(ToHub::Playback(Playback::Open { log: "exercise".into(), from: None, to: Some(CLOCK.now) }));
        check_to_hub(ToHub::Playback(Playback::Bookmark { at: CLOCK.now, text: "叫应晚了".into() }));
        check_to_hub(ToHub::Resync);
        let feed = Feed::Camera("c00001".into());
        check_to_hub(ToHub::WatchFeeds(vec![Wanted { feed: feed.clone(), width: 480, fps: 10 }]));
        check_to_hub(ToHub::Steer { feed: feed.clone(), motion: Motion { pan: -0.5, tilt: 0.0, zoom: 1.0 } });
        check_to_hub(ToHub::LetGo { feed: feed.clone() });
        check_to_hub(ToHub::Adjust { feed: feed.clone(), to: Adjustment::Quality(LiveQuality::High) });
        check_to_hub(ToHub::Adjust { feed, to: Adjustment::Lens("ir".into()) });
    }

    #[test]
    fn a_snapshot_carries_the_whole_city() {
        let city = City::found(&tiny_pack(), Realm::Exercise);
        let readings = encode(&Readings::for_city(&city)).expect("encodes");
        let body = Body::Snapshot { city: city.to_bytes().expect("serialisable"), readings };
        check(body.clone());
        let Body::Snapshot { city: bytes, .. } = body else { unreachable!() };
        assert_eq!(City::from_bytes(&bytes).expect("readable"), city);
    }

    #[test]
    fn an_oversized_frame_is_refused_unread() {
        let bytes = vec![0; MAX_FRAME_BYTES + 1];
        assert!(matches!(decode::<ToHub>(&bytes), Err(WireError::TooLarge { .. })));
    }

    proptest! {
        /// Neither side can be brought down by bytes.
        #[test]
        fn garbage_is_an_error_or_a_frame(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(frame) = decode::<ToScreen>(&bytes) {
                let _ = encode(&frame).expect("what decodes encodes");
            }
            if let Ok(frame) = decode::<ToHub>(&bytes) {
                let _ = encode(&frame).expect("what decodes encodes");
            }
        }

        /// A flipped byte is an error or another frame, never a panic.
        #[test]
        fn a_flipped_byte_is_survived(at in any::<prop::sample::Index>(), xor in 1u8..) {
            let city = City::found(&tiny_pack(), Realm::Actual);
            let body = Body::Snapshot { city: city.to_bytes().expect("serialisable"), readings: vec![] };
            let mut bytes = encode(&ToScreen { realm: Realm::Actual, clock: CLOCK, body }).expect("encodes");
            let i = at.index(bytes.len());
            bytes[i] ^= xor;
            if let Ok(ToScreen { body: Body::Snapshot { city, .. }, .. }) = decode::<ToScreen>(&bytes) {
                let _ = City::from_bytes(&city);
            }
        }
    }
}
