//! DJI docks over MQTT: the hub's ends of the codec in `gulang_platforms::dji`. The city's own broker (`mqtt = …`) and every
//! `[[connector]]` of `kind = "dji"` with a broker of its own speak it the same way.
//!
//! ```toml
//! [[connector]]
//! name = "dji-north"          # in rules/flights.toml: [platforms] SN = "dji-north"
//! title = "岛外机场"
//! kind = "dji"
//! url = "mqtt://10.0.0.8:1883"
//! secrets = { password = "env:DJI_MQTT_PASSWORD" }
//! [connector.options]
//! username = "gulang"
//! drc = "10.0.0.8:1883"                 # as the docks reach the broker
//! files = "https://gate.city/gulang"    # as the docks reach this hub's /waylines/, through the city's own gate
//! aircraft = "67-0"                     # DJI's number of the model the docks house, payload the camera's
//! payload = "52-0"
//! simulates_routes = true               # in an exercise: its docks know simulate_mission in flighttask_prepare (Dock 2 on)
//! media = { push = "rtmp://10.0.0.5/live/{sn}", play = "rtsp://10.0.0.5:554/live/{sn}" }
//! ```

mod live;

pub use live::{DjiLive, Media};

use super::contract::{ConnectorConfig, Ear, KindError, Listener, Parts, Wire};
use crate::{
    core::Core,
    eyes::Registered,
    feeds::FeedError,
    flights::{Aircraft, FlightError, FlightLink, aircraft},
    realm::{FlightDispatch, RealmKind},
    waylines::RouteFiles,
};
use async_trait::async_trait;
use gulang_city::{FlightId, FlightTask, PlatformId, Realm, Text};
use gulang_platforms::{
    News,
    dji::{self, DrcBroker, LiveAnswer, Orders, Wants},
    wpml::Model,
};
use rumqttc::{AsyncClient, Event as MqttEvent, EventLoop, MqttOptions, Packet, QoS};
use serde::Deserialize;
use std::{
    marker::PhantomData,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

/// A broker's docks as a place to send flights to.
pub struct DjiLink<R: RealmKind> {
    platform: PlatformId,
    client: AsyncClient,
    /// Set by whoever polls the connection.
    pub is_up: Arc<AtomicBool>,
    is_simulated: bool,
    drc: Option<DrcBroker>,
    files: RouteFiles,
    /// Their pictures, where there is a media server.
    live: OnceLock<Arc<DjiLive>>,
    _realm: PhantomData<R>,
}

impl<R: RealmKind> DjiLink<R> {
    pub fn new(
        platform: PlatformId,
        client: AsyncClient,
        is_simulated: bool,
        drc: Option<DrcBroker>,
        files: RouteFiles,
    ) -> Self {
        let (is_up, live) = (Arc::default(), OnceLock::new());
        Self { platform, client, is_up, is_simulated, drc, files, live, _realm: PhantomData }
    }

    /// Hands on to `live` what docks say from now on.
    pub fn show(&self, live: Arc<DjiLive>) {
        let _ = self.live.set(live);
    }

    /// What docks said, for their pictures.
    pub fn heard(&self, news: &[News], answer: Option<&LiveAnswer>) {
        if let Some(live) = self.live.get() {
            live.heard(news, answer);
        }
    }

    /// Gives a dock what it waits for: a route's file, or the word to fly the route it has.
    pub fn grant(&self, core: &Core, wants: &Wants) {
        let message = match wants {
            Wants::RouteFile(request) => {
                let file = self.route(core, request.flight).map(|it| self.files.of(&it, return_height_m(core)));
                if let Some(Err(why)) = &file {
                    tracing::warn!(%why, flight = %request.flight, "a dock asked for a route's file in vain");
                }
                dji::file_answer(request, file.and_then(Result::ok).as_ref())
            }
            Wants::GoAhead { gateway, flight } => {
                // Taken back while the dock fetched it: it is not told to fly.
                let Some(route) = self.route(core, *flight) else { return };
                self.orders(&route, gateway, &aircraft(core, &route.drone)).execute()
            }
        };
        // A dock asks again, and is told again with the next prepare.
        let _ = self.client.try_publish(message.topic, QoS::AtMostOnce, false, message.payload);
    }

    /// A route of ours that is still to be flown or under way; never the other realm's.
    fn route(&self, core: &Core, id: FlightId) -> Option<FlightDispatch<R>> {
        let city = core.city();
        let flight = city.flights.get(&id).filter(|it| it.platform == self.platform)?;
        let is_wanted = !flight.state.is_end() && flight.cancel.is_none();
        let is_route = matches!(flight.task, FlightTask::RunRoute { .. });
        FlightDispatch::from_flight(flight, false).filter(|_| is_wanted && is_route)
    }

    fn orders<'a>(&'a self, flight: &'a FlightDispatch<R>, gateway: &'a str, aircraft: &Aircraft) -> Orders<'a> {
        Orders {
            gateway,
            key: &flight.key,
            at: aircraft.now,
            ground_ellipsoid_m: aircraft.ground_ellipsoid_m,
            speed_mps: aircraft.speed_mps,
            return_height_m: aircraft.return_height_m,
            simulate_at: (R::REALM == Realm::Exercise).then_some(aircraft.home),
            drc: self.drc.as_ref(),
        }
    }
}

fn return_height_m(core: &Core) -> f32 {
    core.city().flight_rules.return_height_m
}

#[async_trait]
impl<R: RealmKind> FlightLink<R> for DjiLink<R> {
    fn platform(&self) -> &PlatformId {
        &self.platform
    }

    fn is_up(&self) -> bool {
        self.is_up.load(Relaxed)
    }

    fn is_simulated(&self) -> bool {
        self.is_simulated
    }

    fn can_simulate(&self, task: &FlightTask) -> bool {
        match task {
            FlightTask::RunRoute { .. } => self.files.can_simulate,
            task => matches!(task, FlightTask::TakeoffTo { .. }),
        }
    }

    async fn send(&self, flight: &FlightDispatch<R>, aircraft: &Aircraft) -> Result<(), FlightError> {
        let orders = self.orders(flight, &aircraft.gateway, aircraft);
        let is_route = matches!(flight.task, FlightTask::RunRoute { .. });
        let messages = if flight.is_cancel && is_route && !flight.is_begun {
            vec![orders.undo()]
        } else if flight.is_cancel {
            let cancel = orders.cancel(&flight.task);
            vec![cancel.ok_or_else(|| FlightError::Never("大疆机场撤不了这种飞行，改下「返航」".into()))?]
        } else if is_route {
            let file = self.files.of(flight, aircraft.return_height_m);
            vec![orders.prepare(&file.map_err(|why| FlightError::Never(why.to_string()))?)]
        } else {
            orders.messages(&flight.task).map_err(|why| match why {
                dji::Unsayable::NoGround => FlightError::Later(why.to_string()),
                _ => FlightError::Never(why.to_string()),
            })?
        };
        for message in messages {
            // Once at most: what was not answered is said again with the same ids, and never from a queue.
            let sent = self.client.try_publish(message.topic, QoS::AtMostOnce, false, message.payload);
            sent.map_err(|why| FlightError::Later(why.to_string()))?;
        }
        Ok(())
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Options {
    username: String,
    /// `host:port` of the broker as the docks reach it; without it no emergency stop and no forced landing.
    drc: Option<String>,
    /// The broker's port speaks TLS to the docks.
    drc_tls: bool,
    /// The hub as the docks reach it, for route files.
    files: Option<String>,
    /// `67-0`: DJI's type and sub-type.
    aircraft: Option<Text>,
    payload: Option<Text>,
    simulates_routes: bool,
    media: Option<Media>,
}

/// `67-0`.
fn read_model(what: &str, text: Option<&Text>) -> Result<Option<Model>, KindError> {
    let Some(text) = text else { return Ok(None) };
    let model = text.split_once('-').and_then(|(kind, sub_kind)| {
        Some(Model { kind: kind.trim().parse().ok()?, sub_kind: sub_kind.trim().parse().ok()? })
    });
    let (what, why) = (format!("options.{what}"), format!("{text:?} 不是机型编号"));
    model.map(Some).ok_or_else(|| KindError { what, why, todo: "写成 67-0 的样子（类型-子类型）".into() })
}

/// Opens a `[[connector]]` of kind `dji`; nothing is sent while opening.
pub fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    let fault = |what: &str, why: String, todo: &str| KindError { what: what.into(), why, todo: todo.into() };
    let options: Options = config.options.clone().try_into().map_err(|why: toml::de::Error| {
        let known = "只认 username、drc、drc_tls、files、aircraft、payload、simulates_routes、media";
        fault("options", why.message().to_owned(), known)
    })?;
    let address = config.url.strip_prefix("mqtt://").unwrap_or(&config.url).trim_end_matches('/');
    let bad = || fault("url", format!("{:?} 不是 mqtt://主机:端口", config.url), "写成 mqtt://10.0.0.8:1883 的样子");
    let (host, port) = address.rsplit_once(':').filter(|(host, _)| !host.is_empty()).ok_or_else(bad)?;
    let port: u16 = port.parse().map_err(|_| bad())?;
    let id = format!("gulang-{}-{}-{}", R::FOLDER, config.name, std::process::id());
    let mut mqtt = MqttOptions::new(id, host, port);
    mqtt.set_keep_alive(Duration::from_secs(20));
    mqtt.set_clean_session(true);
    mqtt.set_max_packet_size(dji::MAX_BYTES, dji::MAX_BYTES);
    let password = parts.secrets.get("password").unwrap_or_default();
    if !options.username.is_empty() {
        mqtt.set_credentials(options.username.clone(), password);
    }
    let drc = options.drc.map(|address| DrcBroker {
        address,
        username: options.username.clone(),
        password: password.to_owned(),
        is_tls: options.drc_tls,
    });
    if let Some(base) = options.files.as_deref().filter(|it| reqwest::Url::parse(it).is_err()) {
        return Err(fault("options.files", format!("{base:?} 不是网址"), "写成 https://网关/路径 的样子"));
    }
    let files = RouteFiles {
        shelf: parts.waylines.clone(),
        base: options.files.clone(),
        aircraft: read_model("aircraft", options.aircraft.as_ref())?,
        payload: read_model("payload", options.payload.as_ref())?,
        can_simulate: options.simulates_routes,
    };
    let (client, events) = AsyncClient::new(mqtt, 256);
    let platform = PlatformId(config.name.clone());
    let link = Arc::new(DjiLink::<R>::new(platform.clone(), client.clone(), false, drc, files));
    parts.flights.put(link.clone());
    let live = options.media.map(|media| {
        let live = Arc::new(DjiLive::new(config.name.to_string(), client.clone(), media));
        link.show(live.clone());
        parts.openers.put(live)
    });
    Ok(Wire::Speaks(Box::new(DjiListener { platform, client, events, link, _live: live })))
}

struct DjiListener<R: RealmKind> {
    platform: PlatformId,
    client: AsyncClient,
    events: EventLoop,
    link: Arc<DjiLink<R>>,
    _live: Option<Registered>,
}

fn broken(why: &str) -> FeedError {
    FeedError {
        what: format!("大疆机场的 MQTT 连接中断：{why}"),
        remedy: "检查该 MQTT 服务、用户名和口令；系统会自己重连",
    }
}

/// Puts the lamp out however the connection ends.
struct Up<'a>(&'a AtomicBool);

impl Drop for Up<'_> {
    fn drop(&mut self) {
        self.0.store(false, Relaxed);
    }
}

#[async_trait]
impl<R: RealmKind> Listener for DjiListener<R> {
    fn platform(&self) -> &str {
        self.platform.as_str()
    }

    async fn listen(&mut self, ear: &Ear) -> Result<(), FeedError> {
        let up = Up(&self.link.is_up);
        loop {
            let event = self.events.poll().await.map_err(|why| broken(&why.to_string()))?;
            match event {
                MqttEvent::Incoming(Packet::ConnAck(_)) => {
                    up.0.store(true, Relaxed);
                    ear.alive();
                    for topic in dji::TOPICS {
                        let asked = self.client.try_subscribe(topic, QoS::AtMostOnce);
                        asked.map_err(|why| broken(&why.to_string()))?;
                    }
                }
                MqttEvent::Incoming(Packet::Publish(publish)) => {
                    let topic = String::from_utf8_lossy(publish.topic.as_ref()).into_owned();
                    let mut heard = match dji::hear(R::REALM, &topic, &publish.payload) {
                        Ok(spoken) => {
                            self.link.heard(&spoken.heard.news, spoken.live.as_ref());
                            // Nothing is granted by a connector that is only tried: there is no hub behind it.
                            if let (Some(wants), Some(core)) = (&spoken.wants, ear.sink.core()) {
                                self.link.grant(&core, wants);
                            }
                            for (topic, payload) in spoken.replies {
                                let _ = self.client.try_publish(topic, QoS::AtMostOnce, false, payload);
                            }
                            spoken.heard
                        }
                        Err(error) => {
                            let mut heard = gulang_platforms::Heard::default();
                            heard.refuse(&topic, error);
                            heard
                        }
                    };
                    // A repeat from the platform is nothing to record twice; the rules say so.
                    heard.commands.dedup();
                    ear.take(&publish.payload, heard).await.map_err(|why| broken(&why))?;
                }
                MqttEvent::Incoming(Packet::PingResp) => ear.alive(),
                _ => {}
            }
        }
    }
}
