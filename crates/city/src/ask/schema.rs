//! What a model is told it may call: the closed list of queries, as JSON schemas in the common function-calling form.

use super::Query;
use crate::{City, SensorKind};
use serde_json::{Value, json};

/// The queries as `tools` of a chat request.
pub fn tools(city: &City) -> Vec<Value> {
    let districts: Vec<String> = city.districts.values().map(|it| format!("{}={}", it.id, it.name)).collect();
    let district =
        json!({ "type": "string", "description": format!("区的代码：{}；不写是全市", districts.join("，")) });
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": super::MAX_ROWS });
    let window = json!({ "type": "integer", "minimum": 10, "maximum": 120, "description": "近多少分钟" });
    let kinds: Vec<&str> = SensorKind::ALL.iter().map(|it| it.id()).collect();
    let agencies: Vec<String> = city.agencies.values().map(|it| format!("{}={}", it.id, it.name)).collect();
    Query::TOOLS
        .iter()
        .map(|name| {
            let (about, fields) = match *name {
                "flood_rising" => {
                    ("积水上涨最快的内涝点", json!({ "window_mins": window, "district": district, "limit": limit }))
                }
                "alarms" => (
                    "未解除的告警",
                    json!({
                        "kind": { "type": "string", "enum": kinds },
                        "at_least": { "type": "string", "enum": ["blue", "yellow", "orange", "red"] },
                        "district": district, "only_unacknowledged": { "type": "boolean" }, "limit": limit,
                    }),
                ),
                "orders" => (
                    "指令：unsigned 未签收，overdue 超期，open 未完成；按部门计数",
                    json!({
                        "which": { "type": "string", "enum": ["unsigned", "overdue", "open"] },
                        "agency": { "type": "string", "description": format!("部门的代码：{}", agencies.join("，")) },
                        "limit": limit,
                    }),
                ),
                "cases" => (
                    "案件：open 未结，overdue 超期未结，today 今日受理",
                    json!({
                        "which": { "type": "string", "enum": ["open", "overdue", "today"] },
                        "district": district, "word": { "type": "string", "description": "标题里的词" }, "limit": limit,
                    }),
                ),
                "teams_near" => (
                    "离一个地点最近、能去的空闲队伍",
                    json!({
                        "near": { "type": "string", "description": "地点的名称" },
                        "capability": {
                            "type": "string",
                            "enum": ["rescue", "fire", "water", "drainage", "power", "medical", "city", "look"],
                        },
                        "limit": limit,
                    }),
                ),
                "evacuation" => ("人员转移：全市、各区、各类，或一个区", json!({ "district": district })),
                "warnings" => ("生效中的预警", json!({})),
                "sources" => ("失联或异常的数据源", json!({})),
                _ => (
                    "感知读数与若干分钟前的读数：一个设备，或一种里最高的",
                    json!({
                        "sensor": { "type": "string", "description": "设备的名称或代码" },
                        "kind": { "type": "string", "enum": kinds },
                        "district": district, "window_mins": window, "limit": limit,
                    }),
                ),
            };
            let required = if *name == "teams_near" { json!(["near"]) } else { json!([]) };
            let parameters =
                json!({ "type": "object", "properties": fields, "required": required, "additionalProperties": false });
            json!({ "type": "function", "function": { "name": name, "description": about, "parameters": parameters } })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Realm, tiny_pack};

    #[test]
    fn every_query_has_a_schema_and_takes_what_its_schema_names() {
        let city = City::found(&tiny_pack(), Realm::Actual);
        let all = tools(&city);
        assert_eq!(all.len(), Query::TOOLS.len());
        for tool in &all {
            let name = tool["function"]["name"].as_str().expect("a name");
            let fields = tool["function"]["parameters"]["properties"].as_object().expect("fields");
            let example = |(key, schema): (&String, &Value)| {
                let value = match (schema["enum"].get(0), schema["type"].as_str()) {
                    (Some(first), _) => first.clone(),
                    (None, Some("integer")) => json!(20),
                    (None, Some("boolean")) => json!(true),
                    _ => json!("350203"),
                };
                (key.clone(), value)
            };
            let args: serde_json::Map<String, Value> = fields.iter().map(example).collect();
            let read = Query::read(name, &Value::Object(args).to_string());
            assert_eq!(read.map(|it| it.tool()), Ok(name), "{name}");
        }
        assert!(Query::read("alarms", r#"{"delete":true}"#).is_err() && Query::read("submit", "").is_err());
    }
}
