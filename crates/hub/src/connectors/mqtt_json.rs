//! Kind `mqtt`: JSON on the topics of a broker, told by a mapping.
//!
//! ```toml
//! url = "mqtt://10.0.0.8:1883"
//! secrets = { password = "env:MQTT_PASSWORD" }      # with options.username
//! options = { topics = ["dev/+/up"], qos = 1, username = "gulang" }
//! ```
//! Without `topics`, those the mapping's rules name. TLS is not compiled in: a broker outside the city's own network is
//! reached through a tunnel, or bridged by a broker inside.

use super::{
    contract::{ConnectorConfig, Ear, KindError, Listener, Parts, Wire},
    mqtt::{MAX_MESSAGE_BYTES, MqttError},
};
use crate::{feeds::FeedError, realm::RealmKind};
use async_trait::async_trait;
use gulang_city::{Realm, Text};
use gulang_platforms::mapping::{About, Mapping};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS, SubscribeReasonCode};
use serde::Deserialize;
use std::time::Duration;

/// No city's broker needs more filters.
const MAX_TOPICS: usize = 100;
/// Acknowledgements and subscriptions that wait to be sent.
const QUEUED: usize = 1024;

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    topics: Vec<String>,
    qos: u8,
    username: Option<String>,
    client_id: Option<String>,
}

/// Opens the connector. Nothing is sent yet.
pub fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    let options: Options = config.options_as()?;
    let fault = |what: &str, why: String, todo: &str| KindError { what: what.into(), why, todo: todo.into() };
    let todo = "写成 mqtt://10.0.0.8:1883 的样子";
    let Some(address) = config.url.strip_prefix("mqtt://") else {
        if config.url.starts_with("mqtts://") || config.url.starts_with("ssl://") {
            let todo = "改用内网的 mqtt:// 地址，或经隧道、内网代理接入";
            return Err(fault("url", "这个枢纽没有编入 MQTT 的 TLS".into(), todo));
        }
        return Err(fault("url", "不是 mqtt 地址".into(), todo));
    };
    let parsed = address.trim_end_matches('/').rsplit_once(':');
    let parsed = parsed.and_then(|(host, port)| Some((host.to_owned(), port.parse::<u16>().ok()?)));
    let (host, port) = parsed
        .filter(|(host, _)| !host.is_empty() && !host.contains(['@', '/']))
        .ok_or_else(|| fault("url", "没有 主机:端口".into(), todo))?;
    let mapping = config.mapping_rules()?;
    let topics: Vec<String> =
        if options.topics.is_empty() { mapping.topics().map(str::to_owned).collect() } else { options.topics };
    if topics.is_empty() || topics.len() > MAX_TOPICS {
        let why = format!("{} 个主题", topics.len());
        return Err(fault("options.topics", why, "写 1 到 100 个主题，可用 + 和 #"));
    }
    if let Some(bad) = topics.iter().find(|it| !rumqttc::valid_filter(it)) {
        return Err(fault("options.topics", format!("{bad:?} 不是主题"), "+ 与 # 各占一级，# 在最后"));
    }
    let qos = match options.qos {
        0 => QoS::AtMostOnce,
        1 => QoS::AtLeastOnce,
        other => return Err(fault("options.qos", format!("{other} 不是 0 或 1"), "用 0 或 1")),
    };
    let login = match (options.username, parts.secrets.get("password")) {
        (Some(username), Some(password)) => Some((username, password.to_owned())),
        (None, None) => None,
        (Some(_), None) => {
            return Err(fault(
                "secrets",
                "有 username，没有 password".into(),
                r#"写 secrets = { password = "env:名字" }"#,
            ));
        }
        (None, Some(_)) => return Err(fault("options", "有 password，没有 username".into(), "写 options.username")),
    };
    let realm = if R::REALM == Realm::Actual { "a" } else { "x" };
    // Two hubs on one broker must not throw each other out; nor must a hub and a try.
    let client_id =
        options.client_id.unwrap_or_else(|| format!("gulang-{realm}-{}-{}", config.name, std::process::id()));
    Ok(Wire::Speaks(Box::new(MqttJson {
        name: config.name.clone(),
        host,
        port,
        client_id,
        login,
        topics,
        qos,
        mapping,
    })))
}

struct MqttJson {
    name: Text,
    host: String,
    port: u16,
    client_id: String,
    login: Option<(String, String)>,
    topics: Vec<String>,
    qos: QoS,
    mapping: Mapping,
}

fn lost(why: impl std::fmt::Display) -> FeedError {
    MqttError::Connection(why.to_string()).into()
}

#[async_trait]
impl Listener for MqttJson {
    fn platform(&self) -> &str {
        &self.name
    }

    async fn listen(&mut self, ear: &Ear) -> Result<(), FeedError> {
        let mut options = MqttOptions::new(&self.client_id, &self.host, self.port);
        options.set_keep_alive(Duration::from_secs(20));
        options.set_clean_session(true);
        options.set_max_packet_size(MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES);
        // What could not be recorded is not acknowledged, so the broker has it still.
        options.set_manual_acks(true);
        if let Some((username, password)) = &self.login {
            options.set_credentials(username, password);
        }
        let (client, mut events) = AsyncClient::new(options, QUEUED);
        loop {
            match events.poll().await.map_err(lost)? {
                Event::Incoming(Packet::ConnAck(_)) => {
                    for topic in &self.topics {
                        client.try_subscribe(topic, self.qos).map_err(lost)?;
                    }
                }
                Event::Incoming(Packet::SubAck(ack)) => {
                    if ack.return_codes.contains(&SubscribeReasonCode::Failure) {
                        return Err(FeedError {
                            what: format!("服务器不准订阅 {} 中的主题", self.topics.join("、")),
                            remedy: "请服务器的管理员给这个用户订阅权限",
                        });
                    }
                    ear.alive();
                }
                Event::Incoming(Packet::PingResp) => ear.alive(),
                Event::Incoming(Packet::Publish(publish)) => {
                    let topic = String::from_utf8_lossy(publish.topic.as_ref()).into_owned();
                    let about = About { platform: &self.name, topic: &topic, received: ear.now() };
                    let heard = self.mapping.apply_bytes(&publish.payload, about);
                    let raw = [topic.as_bytes(), b" ", &publish.payload].concat();
                    ear.take(&raw, heard).await.map_err(lost)?;
                    client.try_ack(&publish).map_err(lost)?;
                }
                _ => {}
            }
        }
    }
}
