//! The configuration file: where a city's real platforms are. Without one the hub works with the simulated city.
//!
//! ```toml
//! [actual]
//! platform = "http://10.0.0.5:8080"   # {platform}/{platform_id}/openapi
//! cap = "http://10.0.0.6/cap"
//! typhoon = "http://10.0.0.7"
//! mqtt = "10.0.0.8:1883"
//! feeds = "http://10.0.0.9/feeds"
//! inventory = "http://10.0.0.9/inventory"
//! token = "…"
//!
//! [actual.gateways.sms]                # also message and voice; see connectors/gateway.rs
//! secrets = { token = "GULANG_SMS_TOKEN" }
//! send = { url = "https://10.0.0.10/sms", headers = { Authorization = "Bearer {{ secret.token }}" }, body = '{"to": {{ to | tojson }}, "text": {{ text | tojson }}, "uid": {{ key | tojson }}}' }
//! accepted = { at = "/code", is = ["0"] }
//! callback = { secret = "GULANG_SMS_CALLBACK" }
//!
//! [[raster]]                           # an online map screens may switch on; any number of them
//! id = "tdt-img"
//! name = "天地图影像"
//! url = "https://t{s}.tianditu.gov.cn/img_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=img&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk={key}"
//! subdomains = "01234567"
//! key_env = "TDT_KEY"                  # the variable that holds the key
//! attribution = "天地图（自然资源部）"
//!
//! [[connector]]                        # any number of them; kinds: gulang-hub connect --kinds
//! name = "rain"                        # its lamp; lower-case letters, digits, -
//! title = "水务雨量站"
//! kind = "rest"
//! url = "https://10.0.0.20/api/rain?page={{ page }}"
//! every_s = 30
//! freshness_s = 600
//! crs = "gcj02"
//! secrets = { token = "env:RAIN_TOKEN" }   # or keyring:SERVICE/USER; no secret stands in the file
//! options = { headers = { Authorization = "Bearer {{ secret.token }}" }, pages = { first = 1 } }
//! [connector.mapping]                  # see gulang_platforms::mapping
//! items = "$.data[*]"
//! to = "gauge"
//! fields = { sensor = "$.id", value = { at = "$.mm" }, at = "$.time" }
//!
//! [assistant]                          # a language model; see assistant/config.rs
//! url = "https://api.deepseek.com/v1"
//! model = "deepseek-chat"
//! secrets = { key = "env:DEEPSEEK_KEY" }
//! ```
//! `gulang-hub check gulang.toml` names every fault with its line, `gulang-hub connect NAME --try` shows what a connector
//! hears. A running hub reads a changed file again: connectors that changed are opened anew, the others are not touched; a
//! faulty file changes nothing. `[actual]` and `[[raster]]` are read at the start only.
//!
//! `crs = "gcj02"` for maps drawn in that frame, `has_words = true` where names are in the picture. An exercise never uses these: it has its own simulated city.

mod connector;
mod lines;

use crate::{
    assistant::config::AssistantConfig, connectors::contract::ConnectorConfig, raster::RasterSource, realm::Addresses,
};
use gulang_city::{CallChannel, Pack};
use lines::Lines;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    pub actual: Option<Addresses>,
    /// Online maps, `[[raster]]`.
    pub raster: Vec<RasterSource>,
    /// `[[connector]]`, of either realm.
    pub connectors: Vec<ConnectorConfig>,
    /// `[assistant]`; none: no model is ever asked.
    pub assistant: Option<AssistantConfig>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}: {what}, {why}, {todo}", path = .path.display())]
pub struct ConfigError {
    pub path: PathBuf,
    pub line: usize,
    pub what: String,
    pub why: String,
    pub todo: String,
}

/// Every fault of a file, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl std::fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ConfigError::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for ConfigErrors {}

/// Reads and checks a file for the shipped city, whose pack connectors may ask about.
pub fn read_config(path: &Path) -> Result<Config, ConfigErrors> {
    read_config_for(path, || {
        let shipped = crate::assets::assets_dir().and_then(|it| crate::assets::read_pack(&it.join("cities/xiamen")));
        // Without one, what is not about a city can still be checked.
        Arc::new(shipped.unwrap_or_else(|_| gulang_city::tiny_pack()))
    })
}

/// The same for a city; its pack is asked for only if there are connectors.
pub fn read_config_for(path: &Path, pack: impl FnOnce() -> Arc<Pack>) -> Result<Config, ConfigErrors> {
    let mut faults = Faults { path, found: Vec::new() };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(why) => {
            faults.add(0, "配置读不了", why.to_string(), "检查路径和权限");
            return Err(ConfigErrors(faults.found));
        }
    };
    let lines = match Lines::parse(&text) {
        Ok(lines) => lines,
        Err((line, why)) => {
            faults.add(line, "配置有误", why, "改正该行；键见 gulang-hub serve --help");
            return Err(ConfigErrors(faults.found));
        }
    };
    let mut config = Config::default();
    for (key, line) in lines.keys() {
        match key {
            "actual" => config.actual = lines.read("actual", None, &mut faults),
            "raster" => config.raster = lines.read_each("raster", &mut faults).into_iter().map(|it| it.1).collect(),
            "connector" => {}
            "assistant" => config.assistant = lines.read("assistant", None, &mut faults),
            other => {
                let todo = "用 [actual]、[[raster]]、[[connector]] 或 [assistant]";
                faults.add(line, "配置有误", format!("没有 {other:?} 这一节"), todo);
            }
        }
    }
    if let Some(actual) = &config.actual {
        check_actual(actual, &text, &lines, &mut faults);
    }
    check_rasters(&config.raster, &text, &mut faults);
    for (key, why, todo) in config.assistant.iter().flat_map(AssistantConfig::faults) {
        faults.add(lines.line_of(&["assistant", key]), format!("[assistant] 的 {key} 有误"), why, todo);
    }
    let connectors: Vec<(usize, ConnectorConfig)> = lines.read_each("connector", &mut faults);
    if !connectors.is_empty() {
        connector::check(&connectors, config.actual.as_ref(), &pack(), &lines, &mut faults);
    }
    config.connectors = connectors.into_iter().map(|it| it.1).collect();
    if faults.found.is_empty() {
        return Ok(config);
    }
    faults.found.sort_by_key(|it| it.line);
    Err(ConfigErrors(faults.found))
}

/// What was found wrong so far.
struct Faults<'a> {
    path: &'a Path,
    found: Vec<ConfigError>,
}

impl Faults<'_> {
    fn add(&mut self, line: usize, what: impl Into<String>, why: impl Into<String>, todo: impl Into<String>) {
        let (what, why, todo) = (one_line(what), one_line(why), one_line(todo));
        self.found.push(ConfigError { path: self.path.to_owned(), line, what, why, todo });
    }
}

/// What readers say of a fault may stand on several lines and quote the file; a fault is one line.
fn one_line(text: impl Into<String>) -> String {
    text.into().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn check_actual(actual: &Addresses, text: &str, lines: &Lines<'_>, faults: &mut Faults<'_>) {
    for (key, value) in urls(actual) {
        let line = lines.line_of(&["actual", key]);
        if key == "mqtt" {
            let is_good =
                value.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
            if !is_good {
                let why = format!("{value:?} 不是 主机:端口");
                faults.add(line, "mqtt 地址有误", why, "写成 10.0.0.8:1883 的样子");
            }
        } else if reqwest::Url::parse(value).map_or(true, |url| !matches!(url.scheme(), "http" | "https")) {
            let why = format!("{value:?} 不是 http 地址");
            faults.add(line, format!("{key} 地址有误"), why, "写成 http://主机:端口/… 的样子");
        }
    }
    for (name, gateway) in &actual.gateways {
        let line = text.lines().position(|it| it.contains("gateways") && it.contains(name)).map_or(1, |it| it + 1);
        if CallChannel::ALL.iter().all(|it| it.gateway() != Some(name.as_str())) {
            faults.add(line, "没有这种网关", format!("{name:?}"), "用 message、sms 或 voice");
        } else if let Err(why) = gateway.check() {
            let todo = "模板认得 key、to、name、text、exercise、cursor 与 secret.名字";
            faults.add(line, format!("{name} 网关有误"), why, todo);
        }
    }
}

fn check_rasters(rasters: &[RasterSource], text: &str, faults: &mut Faults<'_>) {
    let mut ids = std::collections::BTreeSet::new();
    for source in rasters {
        let line = text.lines().position(|it| it.contains(&format!("\"{}\"", source.id))).map_or(1, |it| it + 1);
        let repeated = (!ids.insert(&source.id)).then(|| format!("{} 出现了两次", source.id));
        if let Some(why) = source.fault().or(repeated) {
            faults.add(line, "在线底图有误", why, "改正该 [[raster]]；样子见 README");
        }
    }
}

fn urls(addresses: &Addresses) -> impl Iterator<Item = (&'static str, &String)> {
    // The links of the simulated city's vehicle and telephones are no web addresses; a real city's are `[[connector]]`s.
    let Addresses {
        platform,
        cap,
        typhoon,
        quake,
        rain,
        mqtt,
        feeds,
        wvp,
        zlm,
        video_ai,
        inventory,
        gateway,
        grid,
        control,
        gateways: _,
        rtsp: _,
        mavlink: _,
        cot: _,
        open311: _,
        token: _,
    } = addresses;
    let all = [
        ("platform", platform),
        ("cap", cap),
        ("typhoon", typhoon),
        ("quake", quake),
        ("rain", rain),
        ("mqtt", mqtt),
        ("feeds", feeds),
        ("wvp", wvp),
        ("zlm", zlm),
        ("video_ai", video_ai),
        ("inventory", inventory),
        ("gateway", gateway),
        ("grid", grid),
        ("control", control),
    ];
    all.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_named_by_line() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("hub.toml");
        let check = |text: &str| -> Result<String, std::io::Error> {
            std::fs::write(&path, text)?;
            Ok(read_config(&path).err().map(|it| it.to_string()).unwrap_or_default())
        };
        assert_eq!(check("[actual]\nplatform = \"http://127.0.0.1:1\"\n")?, "");
        assert!(check("[actual]\nplatfrom = \"http://127.0.0.1:1\"\n")?.contains("hub.toml:2: "));
        assert!(check("[actual]\n\nmqtt = \"broker\"\n")?.contains("hub.toml:3: "));
        let raster = "[[raster]]\nid = \"a\"\nname = \"影像\"\nattribution = \"示例\"\nurl = ";
        assert_eq!(check(&format!("{raster}\"http://t.example/{{z}}/{{x}}/{{y}}\"\n"))?, "");
        assert!(check(&format!("{raster}\"http://t.example/{{z}}/{{x}}\"\n"))?.contains("hub.toml:2: "));
        assert!(check("[actual]\ncap = \"ftp://x\"\n")?.contains("hub.toml:2: "));
        let gateway = |body: &str| {
            format!(
                "[actual.gateways.sms]\nsend = {{ url = \"http://x/\", body = '{body}' }}\naccepted = {{ at = \"/c\", is = [\"0\"] }}\n"
            )
        };
        assert_eq!(check(&gateway("{{ to | tojson }}"))?, "");
        assert!(check(&gateway("{{ phone }}"))?.contains("hub.toml:1: sms 网关有误"));
        Ok(())
    }

    /// A connector on lines 1 to 4 with these lines after it.
    fn connector(name: &str, kind: &str, more: &str) -> String {
        format!("[[connector]]\nname = \"{name}\"\ntitle = \"雨量\"\nkind = \"{kind}\"\n{more}\n")
    }

    #[test]
    fn every_fault_of_every_connector_is_named_by_line() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("hub.toml");
        let check = |text: &str| -> Result<Vec<String>, std::io::Error> {
            std::fs::write(&path, text)?;
            let found = read_config_for(&path, || Arc::new(gulang_city::tiny_pack())).err();
            Ok(found.into_iter().flat_map(|it| it.0).map(|it| it.to_string()).collect())
        };
        let mapping = "[connector.mapping]\nto = \"gauge\"\nfields = { sensor = \"$.id\", value = \"$.v\" }";
        let rest = |more: &str| connector("gauges", "rest", &format!("url = \"http://x/\"\n{more}"));
        assert_eq!(check(&rest(mapping))?, [""; 0]);
        for (text, line, words) in [
            (rest("every = 5"), 6, "every"),
            (rest("every_s = 0.0\n[connector.mapping]"), 6, "every_s"),
            (rest("freshness_s = -1.0"), 6, "freshness_s"),
            (rest("max_per_s = 0"), 6, "max_per_s"),
            (rest("secrets = { token = \"hunter2\" }"), 6, "secrets.token"),
            (rest("options = { haeders = {} }"), 6, "haeders"),
            (
                rest("[connector.mapping]\nto = \"gauge\"\n[connector.mapping.fields]\nsensor = \"$[\"\nvalue = 1"),
                9,
                "sensor",
            ),
            (rest("[connector.mapping]\nto = \"gauges\""), 7, "gauge | thing"),
            (connector("Rain", "rest", "url = \"http://x/\""), 2, "name"),
            (connector("cap", "rest", "url = \"http://x/\""), 2, "重名"),
            (connector("gauges", "telepathy", ""), 4, "rest"),
            (connector("gauges", "rest", "url = \"ftp://x/\""), 5, "url"),
            (connector("gauges", "rest", "url = \"http://u:hunter2@x/\""), 5, "密钥"),
            (connector("gauges", "mqtt", "url = \"mqtts://x:8883\""), 5, "TLS"),
            (format!("{}[conector]\n", rest(mapping)), 9, "conector"),
        ] {
            let found = check(&text)?;
            let is_named = found.iter().any(|it| {
                it.contains(&format!("hub.toml:{line}: ")) && words.split(" | ").all(|word| it.contains(word))
            });
            assert!(is_named, "{text}\n{found:#?}");
            assert!(!found.concat().contains("hunter2"), "{found:#?}");
        }
        let assistant = |more: &str| format!("[assistant]\nurl = \"https://m.example/v1\"\nmodel = \"m\"\n{more}\n");
        assert_eq!(check(&assistant("secrets = { key = \"env:K\" }"))?, [""; 0]);
        for (more, words) in [
            ("secrets = { key = \"hunter2\" }", "secrets.key"),
            ("secrets = { token = \"env:K\" }", "只用 key"),
            ("timeout_s = 0.0", "timeout_s"),
            ("max_tokens = 1", "max_tokens"),
            ("temperature = 1", "temperature"),
        ] {
            let found = check(&assistant(more))?.concat();
            assert!(found.contains("hub.toml:4: ") && found.contains(words) && !found.contains("hunter2"), "{found}");
        }
        assert!(
            check("[assistant]\nurl = \"http://u:hunter2@m/\"\nmodel = \"m\"\n")?.concat().contains("hub.toml:2: ")
        );
        for (kind, url) in [("wvp", "http://x/"), ("rtsp", ""), ("zlm", "http://x/"), ("rest", "http://x/")] {
            let text = connector("a", kind, &format!("url = \"{url}\"\n[connector.options]\nwrong = {{ a = 1 }}"));
            let found = check(&text)?;
            let is_one_line = found.iter().all(|it| it.lines().count() == 1);
            assert!(is_one_line && found.concat().contains("hub.toml:7: "), "{kind}: {found:#?}");
        }
        let three = format!("{}{}{}", connector("a", "x", ""), rest("max_per_s = 0"), rest(mapping));
        let found = check(&three)?;
        assert!(found.len() >= 3 && found.iter().any(|it| it.contains("两次")), "{found:#?}");
        Ok(())
    }
}
