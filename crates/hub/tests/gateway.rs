//! Call-outs against the simulated city's gateways on loopback, minute by minute on its lockstep clock: people who answer,
//! people who never do, and an exercise that strays to the actual city's gateways.
//!
//! Starts `gulang-sim` as the hub does: build it beside the hub, or name it in `GULANG_SIM`.

use gulang_city::{Command as C, *};
use gulang_hub::{
    assets::read_pack,
    callouts::receipt_of,
    connectors::{
        gateway::{Gateway, GatewayConfig},
        http,
    },
    realm::{Actual, Addresses, Endpoints, Exercise, RealmKind, unsent_calls},
    sim_host::{ChildSim, RunningSim, SimHost, SimRequest, SimScale, SimSpeed},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

type Error = Box<dyn std::error::Error>;

const LIMIT: Duration = Duration::from_secs(30);

fn pack_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/cities/xiamen")
}

/// A city, its gateways, and the simulated city they lead to.
struct Town<R: RealmKind> {
    city: City,
    now: Timestamp,
    sim: Box<dyn RunningSim>,
    http: reqwest::Client,
    gateways: Vec<Gateway<R>>,
    cursors: BTreeMap<&'static str, String>,
    _state: tempfile::TempDir,
}

impl<R: RealmKind> Town<R> {
    /// The gateways lead to the simulated city of `behind`: normally the town's own.
    fn open(behind: Realm) -> Result<Self, Error> {
        Self::open_with(behind, |_| Ok(()))
    }

    /// With the gateways as a configuration would have them.
    fn open_with(behind: Realm, configure: impl FnOnce(&mut Addresses) -> Result<(), Error>) -> Result<Self, Error> {
        let now = Timestamp::parse("2023-07-27 10:00:00").ok_or("a time")?;
        let state = tempfile::tempdir()?;
        let request = SimRequest {
            pack_dir: pack_dir(),
            scenario: None,
            seed: 1,
            realm: behind,
            speed: SimSpeed::Lockstep,
            state_dir: state.path().join("sim"),
            start: Some(now),
            scale: SimScale::None,
        };
        let sim = tokio::task::block_in_place(|| ChildSim.start(&request))?;
        let http = http::client();
        let mut addresses = sim.addresses();
        configure(&mut addresses)?;
        let mut gateways = Gateway::<R>::all(&http, &Endpoints::new(addresses, true));
        gateways.iter_mut().for_each(|it| it.timeout = LIMIT);
        let city = City::found(&read_pack(&pack_dir())?, R::REALM);
        Ok(Self { city, now, sim, http, gateways, cursors: BTreeMap::new(), _state: state })
    }

    /// What is refused changes nothing, as in the hub.
    fn tell(&mut self, source: &Source, command: &C) {
        for event in self.city.decide_from(source, command, self.now).unwrap_or_default() {
            let record = Record { seq: self.city.seq + 1, at: self.now, source: source.clone(), event };
            assert_eq!(self.city.apply(&record), Applied::Advanced);
        }
    }

    fn call_townships(&mut self) {
        let scope = CallScope { down_to: CallDepth::Township, ..CallScope::default() };
        let command = C::StartCallOut { scope, text: "请到岗".into(), ladder: "by-hand".into(), is_test: false };
        self.tell(&Source::Seat("值班长 01".into()), &command);
    }

    /// Sends what is recorded, lets a minute pass, hears what became of it.
    async fn minute(&mut self) -> Result<(), Error> {
        for i in 0..self.gateways.len() {
            let gateway = self.gateways[i].clone();
            let source = Source::Platform(gateway.name.into());
            for call in unsent_calls::<R>(&self.city, gateway.channel) {
                let result = gateway.send(&call).await;
                if let Some(report) = receipt_of(&call, &result) {
                    self.tell(&source, &report);
                }
            }
        }
        self.now = self.now.plus_mins(1);
        let control = self.sim.addresses().control.ok_or("no control")?;
        let url = format!("{control}/advance");
        http::exchange(self.http.post(&url).json(&json!({ "to_ms": self.now.0 })), &url, LIMIT).await?;
        for i in 0..self.gateways.len() {
            let gateway = self.gateways[i].clone();
            let cursor = self.cursors.entry(gateway.name).or_default();
            let news = gateway.news(cursor).await?;
            *cursor = news.cursor;
            let source = Source::Platform(gateway.name.into());
            news.commands.iter().for_each(|it| self.tell(&source, it));
        }
        self.tell(&Source::Hub, &C::Tick);
        Ok(())
    }

    async fn journal(&self) -> Result<Value, Error> {
        let url = format!("{}/journal", self.sim.addresses().platform.ok_or("no platform")?);
        Ok(serde_json::from_slice(&http::exchange(self.http.get(&url), &url, LIMIT).await?)?)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn some_answer_some_never_and_silence_climbs_the_ladder() -> Result<(), Error> {
    let mut town = Town::<Exercise>::open(Realm::Exercise)?;
    assert_eq!(town.gateways.len(), 3);
    town.call_townships();
    town.minute().await?;
    let early = town.city.call_board(town.now).counts;
    assert!(early.reached > 10 && early.not_reached > 2, "{early:?}");
    for _ in 0..62 {
        town.minute().await?;
    }
    let counts = town.city.call_board(town.now).counts;
    assert_eq!((counts.all, counts.reached + counts.not_reached, counts.nobody), (45, 45, 0));
    let calls = &town.city.calls.callouts[&CalloutId(1)].calls;
    let by_step = |step| calls.iter().filter(|it| it.is_reached() && it.step == step).count();
    assert!(by_step(0) > 25 && by_step(1) > 0, "{} {}", by_step(0), by_step(1));
    let second = calls.iter().flat_map(|it| &it.attempts).filter(|it| it.state == AttemptState::Answered && it.n > 3);
    assert!(second.count() > 0, "somebody answers when called again");
    assert!(calls.iter().flat_map(|it| &it.attempts).any(|it| it.state == AttemptState::Failed), "a wrong number");
    assert!(town.city.calls.open.is_empty(), "it ends");
    let journal = town.journal().await?;
    let taken = journal["calls"].as_array().ok_or("no calls")?;
    let n_sent = calls.iter().flat_map(|it| &it.attempts).filter(|it| it.channel != CallChannel::Radio);
    assert!(taken.len() <= n_sent.count() && taken.len() > 100, "{}", taken.len());
    assert!(taken.iter().all(|it| it["times"] == 1 && it["exercise"] == true));
    assert!(taken.iter().all(|it| it["text"].as_str().is_some_and(|it| it.starts_with("【演练】"))));
    assert_eq!(journal["refused"], json!([]));
    Ok(())
}

/// A gateway that takes forms and reports in words of its own, as `[actual.gateways.sms]` says it.
const BY_FORM: &str = r#"
secrets = { account = "PATH", secret = "PATH" }
texts = { by_hand = "【防指】{{ text }}" }
[send]
url = "BASE/sms/mt"
headers = { content-type = "application/x-www-form-urlencoded" }
body = "account={{ secret.account | urlencode }}&secret={{ secret.secret | urlencode }}&mobile={{ to | urlencode }}&content={{ text | urlencode }}&extno={{ key | urlencode }}&drill={{ 1 if exercise else 0 }}"
[accepted]
at = "/result"
is = ["0"]
is_final = ["2", "11"]
[poll]
cursor = "/since"
more = "/more"
[poll.request]
method = "GET"
url = "BASE/sms/report?account={{ secret.account | urlencode }}&secret={{ secret.secret | urlencode }}&since={{ cursor | urlencode }}"
[items]
items = "/reports"
key = "/extno"
status = "/stat"
note = "/err"
[words]
accepted = ["ACCEPTD"]
delivered = ["DELIVRD"]
answered = ["REPLIED"]
no_answer = ["NOANSW"]
failed = ["UNDELIV"]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_of_another_shape_is_added_by_its_configuration_alone() -> Result<(), Error> {
    let mut town = Town::<Exercise>::open_with(Realm::Exercise, |addresses| {
        let base = addresses.gateway.clone().ok_or("no gateways")?;
        let config: GatewayConfig = toml::from_str(&BY_FORM.replace("BASE", &base))?;
        config.check()?;
        addresses.gateways.insert("sms".into(), config);
        Ok(())
    })?;
    town.call_townships();
    for _ in 0..30 {
        town.minute().await?;
    }
    let calls = &town.city.calls.callouts[&CalloutId(1)].calls;
    let by_sms: Vec<_> = calls.iter().flat_map(|it| &it.attempts).filter(|it| it.channel == CallChannel::Sms).collect();
    let n = |state: AttemptState| by_sms.iter().filter(|it| it.state == state).count();
    assert!(n(AttemptState::Delivered) + n(AttemptState::Answered) > 5, "{by_sms:?}");
    assert!(n(AttemptState::Answered) > 0, "somebody answers: {by_sms:?}");
    let journal = town.journal().await?;
    let texts = journal["calls"].as_array().into_iter().flatten().filter_map(|it| it["text"].as_str());
    let worded = texts.filter(|it| it.contains("【防指】")).count();
    assert!(worded > 5, "its own wording reaches people: {journal:#}");
    assert_eq!(journal["refused"], json!([]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exercise_that_strays_to_the_actual_gateways_calls_nobody() -> Result<(), Error> {
    // Types keep an exercise's call from an actual gateway; here the address itself is wrong.
    let mut stray = Town::<Exercise>::open(Realm::Actual)?;
    stray.call_townships();
    stray.minute().await?;
    let journal = stray.journal().await?;
    assert_eq!((&journal["realm"], &journal["calls"]), (&json!("actual"), &json!([])));
    assert!(journal["refused"].as_array().is_some_and(|it| it.len() > 100));
    let counts = stray.city.call_board(stray.now).counts;
    assert_eq!((counts.reached, counts.not_reached), (0, 45), "nobody is said to be reached");
    assert!(unsent_calls::<Actual>(&stray.city, CallChannel::Voice).is_empty());
    Ok(())
}
