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
//! ```
//! `crs = "gcj02"` for maps drawn in that frame, `has_words = true` where names are in the picture. An exercise never uses these: it has its own simulated city.

use crate::{assets::line_of, raster::RasterSource, realm::Addresses};
use gulang_city::CallChannel;
use serde::Deserialize;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub actual: Option<Addresses>,
    /// Online maps, `[[raster]]`.
    #[serde(default)]
    pub raster: Vec<RasterSource>,
}

#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: {what}, {why}, {todo}")]
pub struct ConfigError {
    pub path: PathBuf,
    pub line: usize,
    pub what: String,
    pub why: String,
    pub todo: String,
}

pub fn read_config(path: &Path) -> Result<Config, ConfigError> {
    let fault = |line, what: &str, why: String, todo: &str| ConfigError {
        path: path.to_owned(),
        line,
        what: what.to_owned(),
        why,
        todo: todo.to_owned(),
    };
    let text =
        std::fs::read_to_string(path).map_err(|why| fault(0, "配置读不了", why.to_string(), "检查路径和权限"))?;
    let config: Config = toml::from_str(&text).map_err(|why| {
        let why_text = why.message().replace('\n', " ");
        fault(line_of(&text, &why), "配置有误", why_text, "改正该行；键见 gulang-hub serve --help")
    })?;
    for (key, value) in config.actual.iter().flat_map(urls) {
        let line = text.lines().position(|it| it.trim_start().starts_with(key)).map_or(1, |it| it + 1);
        if key == "mqtt" {
            let is_good =
                value.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
            if !is_good {
                return Err(fault(
                    line,
                    "mqtt 地址有误",
                    format!("{value:?} 不是 主机:端口"),
                    "写成 10.0.0.8:1883 的样子",
                ));
            }
        } else if reqwest::Url::parse(value).map_or(true, |url| !matches!(url.scheme(), "http" | "https")) {
            return Err(fault(
                line,
                &format!("{key} 地址有误"),
                format!("{value:?} 不是 http 地址"),
                "写成 http://主机:端口/… 的样子",
            ));
        }
    }
    let mut ids = std::collections::BTreeSet::new();
    for source in &config.raster {
        let line = text.lines().position(|it| it.contains(&format!("\"{}\"", source.id))).map_or(1, |it| it + 1);
        let repeated = (!ids.insert(&source.id)).then(|| format!("{} 出现了两次", source.id));
        if let Some(why) = source.fault().or(repeated) {
            return Err(fault(line, "在线底图有误", why, "改正该 [[raster]]；样子见 README"));
        }
    }
    for (name, gateway) in config.actual.iter().flat_map(|it| &it.gateways) {
        let line = text.lines().position(|it| it.contains("gateways") && it.contains(name)).map_or(1, |it| it + 1);
        if CallChannel::ALL.iter().all(|it| it.gateway() != Some(name.as_str())) {
            return Err(fault(line, "没有这种网关", format!("{name:?}"), "用 message、sms 或 voice"));
        }
        if let Err(why) = gateway.check() {
            let todo = "模板认得 key、to、name、text、exercise、cursor 与 secret.名字";
            return Err(fault(line, &format!("{name} 网关有误"), why, todo));
        }
    }
    Ok(config)
}

fn urls(addresses: &Addresses) -> impl Iterator<Item = (&'static str, &String)> {
    let Addresses { platform, cap, typhoon, mqtt, feeds, wvp, zlm, inventory, gateway, control, gateways: _, token: _ } =
        addresses;
    let all = [
        ("platform", platform),
        ("cap", cap),
        ("typhoon", typhoon),
        ("mqtt", mqtt),
        ("feeds", feeds),
        ("wvp", wvp),
        ("zlm", zlm),
        ("inventory", inventory),
        ("gateway", gateway),
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
}
