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
//! options = { username = "gulang", drc = "10.0.0.8:1883" }   # drc: as the docks reach the broker
//! ```

use super::contract::{ConnectorConfig, Ear, KindError, Listener, Parts, Wire};
use crate::{
    feeds::FeedError,
    flights::{Aircraft, FlightError, FlightLink},
    realm::{FlightDispatch, RealmKind},
};
use async_trait::async_trait;
use gulang_city::{PlatformId, Realm};
use gulang_platforms::dji::{self, DrcBroker, Orders};
use rumqttc::{AsyncClient, Event as MqttEvent, EventLoop, MqttOptions, Packet, QoS};
use serde::Deserialize;
use std::{
    marker::PhantomData,
    sync::{
        Arc,
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
    _realm: PhantomData<R>,
}

impl<R: RealmKind> DjiLink<R> {
    pub fn new(platform: PlatformId, client: AsyncClient, is_simulated: bool, drc: Option<DrcBroker>) -> Self {
        Self { platform, client, is_up: Arc::default(), is_simulated, drc, _realm: PhantomData }
    }
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

    async fn send(&self, flight: &FlightDispatch<R>, aircraft: &Aircraft) -> Result<(), FlightError> {
        let orders = Orders {
            gateway: &aircraft.gateway,
            key: &flight.key,
            at: aircraft.now,
            ground_ellipsoid_m: aircraft.ground_ellipsoid_m,
            speed_mps: aircraft.speed_mps,
            return_height_m: aircraft.return_height_m,
            simulate_at: (R::REALM == Realm::Exercise).then_some(aircraft.home),
            drc: self.drc.as_ref(),
        };
        let messages = if flight.is_cancel {
            let cancel = orders.cancel(&flight.task);
            vec![cancel.ok_or_else(|| FlightError::Never("大疆机场撤不了这种飞行，改下「返航」".into()))?]
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
}

/// Opens a `[[connector]]` of kind `dji`; nothing is sent while opening.
pub fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    let fault = |what: &str, why: String, todo: &str| KindError { what: what.into(), why, todo: todo.into() };
    let options: Options =
        config.options.clone().try_into().map_err(|why: toml::de::Error| {
            fault("options", why.message().to_owned(), "只认 username、drc、drc_tls")
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
    let (client, events) = AsyncClient::new(mqtt, 256);
    let platform = PlatformId(config.name.clone());
    let link = Arc::new(DjiLink::<R>::new(platform.clone(), client.clone(), false, drc));
    let is_up = link.is_up.clone();
    parts.flights.put(link);
    Ok(Wire::Speaks(Box::new(DjiListener { platform, realm: R::REALM, client, events, is_up })))
}

struct DjiListener {
    platform: PlatformId,
    realm: Realm,
    client: AsyncClient,
    events: EventLoop,
    is_up: Arc<AtomicBool>,
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
impl Listener for DjiListener {
    fn platform(&self) -> &str {
        self.platform.as_str()
    }

    async fn listen(&mut self, ear: &Ear) -> Result<(), FeedError> {
        let up = Up(&self.is_up);
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
                    let mut heard = match dji::hear(self.realm, &topic, &publish.payload) {
                        Ok(spoken) => {
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
