//! The connection to the hub: opens it, opens it again, and turns frames into values. It knows nothing of what they mean.

use ewebsock::{WsEvent, WsMessage, WsReceiver, WsSender};
use gulang_city::{CameraId, CaseId, Command, DetectionId, Feed, Realm, SeatId, Timestamp};
use gulang_wire::{Adjustment, Drill, Motion, Playback, ToHub, ToScreen, VERSION, Wanted, Watch, decode, encode};

/// Where the hub is and who we are there.
#[derive(Clone, Debug)]
pub struct Address {
    /// `http://127.0.0.1:8700`, no slash at the end.
    pub url: String,
    pub token: String,
    pub seat: SeatId,
}

impl Address {
    pub fn new(url: &str, token: &str, seat: &str) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), token: token.to_owned(), seat: seat.into() }
    }

    fn socket_url(&self) -> String {
        let url = self.url.replacen("http", "ws", 1);
        format!("{url}/ws?token={}", self.token)
    }

    /// One of the large registers of a realm, or with an empty id their list.
    pub fn inventory_url(&self, id: &str, realm: Realm) -> String {
        let realm = if realm == Realm::Exercise { "exercise" } else { "actual" };
        let slash = if id.is_empty() { "" } else { "/" };
        format!("{}/inventory{slash}{id}?realm={realm}&token={}", self.url, self.token)
    }

    pub fn tile_source_url(&self) -> String {
        format!("{}/tiles.json?token={}", self.url, self.token)
    }

    pub fn tile_url(&self, z: u8, x: u32, y: u32) -> String {
        format!("{}/tiles/{z}/{x}/{y}.mvt?token={}", self.url, self.token)
    }

    pub fn rasters_url(&self) -> String {
        format!("{}/raster.json?token={}", self.url, self.token)
    }

    /// A tile of an online map.
    pub fn raster_url(&self, source: &str, z: u8, x: u32, y: u32) -> String {
        format!("{}/raster/{source}/{z}/{x}/{y}?token={}", self.url, self.token)
    }

    /// What the list of duties has for `query`.
    pub fn duties_url(&self, query: &str) -> String {
        format!("{}/duties?q={}&limit=30&token={}", self.url, escaped(query), self.token)
    }

    /// Where a register's file is sent to be looked at. `again` is an earlier look's ticket, instead of the file; `crs` what
    /// somebody said its coordinates are, `map` what they said of its columns.
    pub fn import_preview_url(
        &self,
        register: &str,
        name: &str,
        again: Option<&str>,
        crs: Option<&str>,
        map: &str,
        realm: Realm,
    ) -> String {
        let realm = realm_word(realm);
        let (name, token) = (escaped(name), &self.token);
        let more = [("ticket", again), ("crs", crs), ("map", Some(map).filter(|it| !it.is_empty()))];
        let more: String = more.into_iter().filter_map(|(key, it)| Some(format!("&{key}={}", escaped(it?)))).collect();
        format!("{}/api/import/preview?as={register}&name={name}&realm={realm}{more}&token={token}", self.url)
    }

    /// Where what was looked at is taken over.
    pub fn import_commit_url(&self) -> String {
        format!("{}/api/import/commit?token={}", self.url, self.token)
    }

    /// The scenarios drills are named from.
    pub fn scenarios_url(&self) -> String {
        format!("{}/api/scenarios?token={}", self.url, self.token)
    }

    /// The last drill, told and counted.
    pub fn drill_review_url(&self) -> String {
        format!("{}/api/review?realm=exercise&token={}", self.url, self.token)
    }

    /// What a case's platform tells of it.
    pub fn process_url(&self, realm: Realm, case: CaseId) -> String {
        format!("{}/api/cases/{case}/process?realm={}&token={}", self.url, realm_word(realm), self.token)
    }

    /// One of the pictures its platform has, from 0.
    pub fn case_picture_url(&self, realm: Realm, case: CaseId, nth: usize) -> String {
        format!("{}/api/cases/{case}/pictures/{nth}?realm={}&token={}", self.url, realm_word(realm), self.token)
    }

    /// Where a picture is kept that goes with a command.
    pub fn media_url(&self, realm: Realm) -> String {
        format!("{}/api/media?realm={}&token={}", self.url, realm_word(realm), self.token)
    }

    /// Where what a camera sees now is kept.
    pub fn media_snapshot_url(&self, realm: Realm, camera: &CameraId) -> String {
        let (feed, realm) = (escaped(&format!("camera:{camera}")), realm_word(realm));
        format!("{}/api/media/snapshot?feed={feed}&realm={realm}&token={}", self.url, self.token)
    }

    /// How every source does.
    pub fn sources_url(&self, realm: Realm) -> String {
        format!("{}/api/sources?realm={}&token={}", self.url, realm_word(realm), self.token)
    }

    /// What the hub says of indicators: `path` behind their address, `with` more of the query.
    pub fn indicators_url(&self, realm: Realm, path: &str, with: &str) -> String {
        format!("{}/api/indicators{path}?realm={}&token={}&{with}", self.url, realm_word(realm), self.token)
    }

    /// Which bulletins there are.
    pub fn bulletins_url(&self, realm: Realm) -> String {
        format!("{}/api/bulletins?realm={}&token={}", self.url, realm_word(realm), self.token)
    }

    /// 快报 as of now, or one that was written.
    pub fn bulletin_url(&self, realm: Realm, file: &str) -> String {
        format!("{}/api/bulletins/{}?realm={}&token={}", self.url, escaped(file), realm_word(realm), self.token)
    }

    /// 会商简报: a file of one (`ID.pdf`), or `since`; `with` is more of the query, beginning with `&`.
    pub fn briefings_url(&self, realm: Realm, file: &str, with: &str) -> String {
        let (file, token) = (escaped(file), &self.token);
        format!("{}/api/briefings/{file}?realm={}&token={token}{with}", self.url, realm_word(realm))
    }

    /// Posted to, it has a source tried again at once.
    pub fn source_retry_url(&self, realm: Realm, name: &str) -> String {
        let (name, realm) = (escaped(name), realm_word(realm));
        format!("{}/api/sources/{name}/retry?realm={realm}&token={}", self.url, self.token)
    }

    /// What a detection looks like.
    pub fn detection_url(&self, detection: DetectionId, realm: Realm) -> String {
        format!("{}/api/detections/{detection}.jpg?realm={}&token={}", self.url, realm_word(realm), self.token)
    }

    /// How the language model stands.
    pub fn assistant_url(&self, realm: Realm) -> String {
        format!("{}/api/assistant?realm={}&token={}", self.url, realm_word(realm), self.token)
    }

    /// Where one of the three jobs is asked: `ask`, `sort`, `draft`.
    pub fn asking_url(&self, job: &str) -> String {
        format!("{}/api/{job}?token={}", self.url, self.token)
    }

    /// What may be opened for 复盘.
    pub fn logs_url(&self) -> String {
        format!("{}/api/logs?token={}", self.url, self.token)
    }

    /// The story of the open playback.
    pub fn playback_url(&self) -> String {
        format!("{}/api/playback?token={}", self.url, self.token)
    }

    /// The review's report as a file; `form` is `pdf` or `docx`.
    pub fn report_url(&self, form: &str, realm: Realm, from: Timestamp, to: Timestamp) -> String {
        let realm = if realm == Realm::Exercise { "exercise" } else { "actual" };
        let (url, token) = (&self.url, &self.token);
        format!("{url}/api/report?form={form}&from_ms={}&to_ms={}&realm={realm}&token={token}", from.ms(), to.ms())
    }

    /// A file of the city pack.
    pub fn pack_url(&self, path: &str) -> String {
        format!("{}/pack/{path}?token={}", self.url, self.token)
    }
}

fn realm_word(realm: Realm) -> &'static str {
    if realm == Realm::Exercise { "exercise" } else { "actual" }
}

/// For the inside of an address.
pub(crate) fn escaped(text: &str) -> String {
    let one = |it: u8| match it {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => char::from(it).to_string(),
        _ => format!("%{it:02X}"),
    };
    text.bytes().map(one).collect()
}

/// What came in since the last look.
#[derive(Debug)]
pub enum News {
    Opened,
    Frame(Box<ToScreen>),
    Lost { why: String },
}

/// Waits this long before it tries again, seconds; doubles up to the last.
const RETRY_SECS: (f64, f64) = (0.5, 8.0);

pub struct Net {
    address: Address,
    link: Option<(WsSender, WsReceiver)>,
    is_open: bool,
    retry_at: f64,
    retry_after: f64,
    ticket: u64,
    n_opened: u64,
}

impl Net {
    pub fn new(address: Address) -> Self {
        let (is_open, retry_at, retry_after) = (false, 0.0, RETRY_SECS.0);
        Self { address, link: None, is_open, retry_at, retry_after, ticket: 0, n_opened: 0 }
    }

    /// How often the connection was opened, if it is open now: a hub that was lost knows nothing of what it was told before.
    pub fn opened(&self) -> Option<u64> {
        self.is_open.then_some(self.n_opened)
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Everything that arrived; `time` is any steadily rising count of seconds.
    pub fn poll(&mut self, time: f64) -> Vec<News> {
        let mut news = Vec::new();
        if self.link.is_none() && time >= self.retry_at {
            self.open(time, &mut news);
        }
        while let Some(event) = self.link.as_ref().and_then(|(_, receiver)| receiver.try_recv()) {
            match event {
                WsEvent::Opened => {
                    self.is_open = true;
                    self.n_opened += 1;
                    self.retry_after = RETRY_SECS.0;
                    let seat = self.address.seat.clone();
                    self.send(&ToHub::Hello { version: VERSION, seat, watch: Watch::Follow });
                    news.push(News::Opened);
                }
                WsEvent::Message(WsMessage::Binary(bytes)) => match decode::<ToScreen>(&bytes) {
                    Ok(frame) => news.push(News::Frame(Box::new(frame))),
                    Err(error) => {
                        tracing::warn!("a frame from the hub: {error}");
                        self.send(&ToHub::Resync);
                    }
                },
                WsEvent::Message(_) => {}
                WsEvent::Error(why) => self.lose(time, why, &mut news),
                WsEvent::Closed => self.lose(time, "the hub closed the connection".to_owned(), &mut news),
            }
        }
        news
    }

    pub fn submit(&mut self, command: Command) {
        self.ticket += 1;
        self.send(&ToHub::Submit { ticket: self.ticket, command });
    }

    pub fn drill(&mut self, drill: Drill) {
        self.send(&ToHub::Drill(drill));
    }

    pub fn playback(&mut self, playback: Playback) {
        self.send(&ToHub::Playback(playback));
    }

    /// The pictures this screen shows now, instead of those before.
    pub fn watch_feeds(&mut self, wanted: Vec<Wanted>) {
        self.send(&ToHub::WatchFeeds(wanted));
    }

    pub fn steer(&mut self, feed: Feed, motion: Motion) {
        self.send(&ToHub::Steer { feed, motion });
    }

    pub fn adjust(&mut self, feed: Feed, to: Adjustment) {
        self.send(&ToHub::Adjust { feed, to });
    }

    pub fn let_go(&mut self, feed: Feed) {
        self.send(&ToHub::LetGo { feed });
    }

    /// After a gap: asks for the whole city again.
    pub fn resync(&mut self) {
        self.send(&ToHub::Resync);
    }

    fn open(&mut self, time: f64, news: &mut Vec<News>) {
        let options = ewebsock::Options { max_incoming_frame_size: gulang_wire::MAX_FRAME_BYTES, ..Default::default() };
        match ewebsock::connect_with_wakeup(self.address.socket_url(), options, crate::platform::wake) {
            Ok(link) => self.link = Some(link),
            Err(why) => self.lose(time, why, news),
        }
    }

    fn lose(&mut self, time: f64, why: String, news: &mut Vec<News>) {
        self.link = None;
        self.is_open = false;
        self.retry_at = time + self.retry_after;
        self.retry_after = (self.retry_after * 2.0).min(RETRY_SECS.1);
        news.push(News::Lost { why });
    }

    fn send(&mut self, frame: &ToHub) {
        if !self.is_open {
            return;
        }
        let Some((sender, _)) = &mut self.link else { return };
        match encode(frame) {
            Ok(bytes) => sender.send(WsMessage::Binary(bytes)),
            Err(error) => tracing::warn!("a frame to the hub: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_follow_the_hub() {
        let address = Address::new("http://127.0.0.1:8700/", "t0k", "大屏");
        assert_eq!(address.socket_url(), "ws://127.0.0.1:8700/ws?token=t0k");
        assert_eq!(address.pack_url("map/land.geojson"), "http://127.0.0.1:8700/pack/map/land.geojson?token=t0k");
        assert_eq!(address.duties_url("井 a&"), "http://127.0.0.1:8700/duties?q=%E4%BA%95%20a%26&limit=30&token=t0k");
        let retry = address.source_retry_url(Realm::Actual, "台风 a");
        assert_eq!(retry, "http://127.0.0.1:8700/api/sources/%E5%8F%B0%E9%A3%8E%20a/retry?realm=actual&token=t0k");
        let import = address.import_preview_url("teams", "队.csv", Some("t1"), None, "id=#1\nnone=#2", Realm::Actual);
        let wanted = "/api/import/preview?as=teams&name=%E9%98%9F%2Ecsv&realm=actual&ticket=t1\
            &map=id%3D%231%0Anone%3D%232&token=t0k";
        assert_eq!(import, format!("http://127.0.0.1:8700{wanted}"));
        let deck = address.briefings_url(Realm::Actual, "b 1.pptx", "&lang=zh");
        assert_eq!(deck, "http://127.0.0.1:8700/api/briefings/b%201%2Epptx?realm=actual&token=t0k&lang=zh");
        let report = address.report_url("pdf", Realm::Exercise, Timestamp(1), Timestamp(2));
        assert_eq!(report, "http://127.0.0.1:8700/api/report?form=pdf&from_ms=1&to_ms=2&realm=exercise&token=t0k");
        assert_eq!(Address::new("https://hall.example", "t", "席").socket_url(), "wss://hall.example/ws?token=t");
    }
}
