//! An OpenAI-compatible endpoint without a model behind it: it calls a query by the words of the question and repeats what
//! came back. Good enough to try a client with; what it says is the client's own facts.
//!
//! **Invariant:** a pure function of the request.

use axum::{Json, body::Bytes, http::StatusCode};
use serde_json::{Value, json};

/// Named so that nobody takes it for one.
const MODEL: &str = "gulang-sim（仿真）";
/// Sentences of an answer at most.
const SENTENCES: usize = 8;

/// Which query a question is for, by its words, and its arguments.
const CALLS: [(&[&str], &str, &str); 8] = [
    (&["签收"], "orders", r#"{"which":"unsigned"}"#),
    (&["指令"], "orders", r#"{"which":"overdue"}"#),
    (&["案件", "工单"], "cases", r#"{"which":"overdue"}"#),
    (&["告警"], "alarms", "{}"),
    (&["预警"], "warnings", "{}"),
    (&["转移"], "evacuation", "{}"),
    (&["数据源", "失联"], "sources", "{}"),
    (&["雨量", "下雨"], "readings", r#"{"kind":"rain"}"#),
];
/// Where no word says anything.
const CALL_ELSE: (&str, &str) = ("flood_rising", "{}");

/// `POST {assistant}/chat/completions`.
pub(crate) async fn complete(body: Bytes) -> Result<Json<Value>, (StatusCode, Json<Value>)> {
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        let error = json!({ "error": { "message": "not JSON", "type": "invalid_request_error" } });
        return Err((StatusCode::BAD_REQUEST, Json(error)));
    };
    let message = answer(&request);
    let is_call = message.get("tool_calls").is_some();
    Ok(Json(json!({
        "id": "chatcmpl-sim", "object": "chat.completion", "model": MODEL, "simulated": true,
        "choices": [{ "index": 0, "message": message, "finish_reason": if is_call { "tool_calls" } else { "stop" } }],
    })))
}

fn answer(request: &Value) -> Value {
    let empty = Vec::new();
    let messages = request["messages"].as_array().unwrap_or(&empty);
    let of_role = |role: &'static str| messages.iter().filter(move |it| it["role"] == role);
    let text = |it: &Value| it["content"].as_str().unwrap_or_default().to_owned();
    let asked = of_role("user").next_back().map(text).unwrap_or_default();
    let may_call = request["tools"].as_array().is_some_and(|it| !it.is_empty());
    if may_call && of_role("tool").next().is_none() {
        let fits = |it: &&(&[&str], &str, &str)| it.0.iter().any(|word| asked.contains(word));
        let (tool, args) = CALLS.iter().find(fits).map_or(CALL_ELSE, |it| (it.1, it.2));
        let call = json!({ "id": "call-1", "type": "function", "function": { "name": tool, "arguments": args } });
        return json!({ "role": "assistant", "content": null, "tool_calls": [call] });
    }
    let material: Value = serde_json::from_str(&asked).unwrap_or_default();
    let content = match material["候选"].get(0) {
        Some(first) => pointed(first, material["反映"].as_str().unwrap_or_default()),
        None => {
            let told: Vec<Value> = of_role("tool").filter_map(|it| serde_json::from_str(&text(it)).ok()).collect();
            let facts =
                told.iter().filter_map(|it| it["facts"].as_array()).chain(material["事实"].as_array()).flatten();
            json!({ "sentences": facts.take(SENTENCES).filter_map(repeated).collect::<Vec<_>>() })
        }
    };
    json!({ "role": "assistant", "content": content.to_string() })
}

/// A fact in its own words.
fn repeated(fact: &Value) -> Option<Value> {
    let (id, text) = (fact["id"].as_str()?, fact["text"].as_str()?);
    Some(json!({ "text": format!("{text}。"), "cites": [id] }))
}

/// The first candidate, for the first words of the report.
fn pointed(first: &Value, report: &str) -> Value {
    let quote: String = report.chars().take_while(|it| !matches!(it, '，' | '。')).take(12).collect();
    json!({ "id": first["id"], "quote": quote })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_calls_first_and_repeats_the_facts_after() {
        let user = json!({ "role": "user", "content": "哪些部门没有签收" });
        let call = answer(&json!({ "messages": [user], "tools": [{}] }));
        assert_eq!(call["tool_calls"][0]["function"]["name"], "orders");
        let facts = json!({ "facts": [{ "id": "F1", "text": "未签收的指令 2 条" }] }).to_string();
        let tool = json!({ "role": "tool", "content": facts });
        let said = answer(&json!({ "messages": [user, tool], "tools": [{}] }));
        let wanted = json!({ "sentences": [{ "text": "未签收的指令 2 条。", "cites": ["F1"] }] });
        assert_eq!(said["content"], wanted.to_string());
    }

    #[test]
    fn it_points_at_the_first_candidate_and_survives_nonsense() {
        let material = json!({ "反映": "井盖没了，快来", "候选": [{ "id": "SZ-01" }] }).to_string();
        let said = answer(&json!({ "messages": [{ "role": "user", "content": material }] }));
        assert_eq!(said["content"], json!({ "id": "SZ-01", "quote": "井盖没了" }).to_string());
        for nonsense in [json!(7), json!({ "messages": 3 }), json!({ "messages": [1, { "role": 2 }], "tools": [] })] {
            assert!(answer(&nonsense)["content"].is_string(), "{nonsense}");
        }
    }
}
