//! SMS, voice and message gateways, and the people at the other end: who answers at once, at the second ring, late, never,
//! and whose number is wrong. A person's temper is drawn from the number, so it stays theirs.
//!
//! `POST /gateway/{channel}/send` `{key, to, text, exercise}` is durable before it is answered and idempotent by `key`;
//! `POST /gateway/{channel}/status` `{cursor, limit}` tells what became of each. A gateway serves one realm and answers the
//! other with code 403, keeping in its journal that somebody tried.

use crate::{
    app::{App, Fault},
    dice::Dice,
    figures::CallFigures,
    journal::{CallRequest, Entry, ReceivedCall},
    platform::{Denied, PageRequest, cut, denied, position, read, unwritable},
};
use axum::{
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use gulang_city::{CallChannel, Realm, Timestamp};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// A ring is let go on so long, s.
const RINGS_FOR_SECS: i64 = 45;

/// What became of a call, and when.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) at: Timestamp,
    pub(crate) status: &'static str,
    pub(crate) note: &'static str,
}

/// How a person is about being called.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Temper {
    Never,
    WrongNumber,
    /// Answers the first message, much later; never the telephone.
    Late,
    /// Lets it ring, and takes it when it rings again.
    SecondRing,
    Prompt,
}

pub(crate) async fn send(State(app): State<Arc<App>>, Path(channel): Path<String>, body: Bytes) -> Response {
    answer(app, channel, move |app, channel| {
        let call: CallRequest = read(serde_json::from_slice(&body), "send")?;
        take(app, channel, call)
    })
    .await
}

pub(crate) async fn status(State(app): State<Arc<App>>, Path(channel): Path<String>, body: Bytes) -> Response {
    answer(app, channel, move |app, channel| {
        let page: PageRequest = read(serde_json::from_slice(&body), "status")?;
        outcomes(app, channel, &page)
    })
    .await
}

async fn answer(
    app: Arc<App>,
    channel: String,
    act: impl FnOnce(&App, &str) -> Result<Value, Denied> + Send + 'static,
) -> Response {
    if !is_channel(&channel) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let fault = app.fault(&channel);
    match fault {
        Some(Fault::Down) => return (StatusCode::SERVICE_UNAVAILABLE, "service unavailable").into_response(),
        Some(Fault::ErrorCode) => return denied(500, "系统繁忙，请稍后再试").into_response(),
        Some(Fault::Http500) => return (StatusCode::INTERNAL_SERVER_ERROR, "internal error").into_response(),
        Some(Fault::Garbage) => return "<html><body>网关超时</body>".into_response(),
        Some(Fault::Hang) => loop {
            tokio::time::sleep(Duration::from_secs(3600)).await;
        },
        Some(Fault::Slow(_) | Fault::Twice | Fault::Confused) | None => {}
    }
    // The journal syncs its file; keep that off the async threads.
    let answer = tokio::task::spawn_blocking(move || act(&app, &channel)).await;
    if let Some(Fault::Slow(delay)) = fault {
        tokio::time::sleep(delay).await;
    }
    match answer {
        Ok(Ok(data)) => axum::Json(json!({ "code": 0, "msg": "ok", "data": data, "simulated": true })).into_response(),
        Ok(Err(denied)) => denied.into_response(),
        Err(e) => (StatusCode::INTERNAL_SERVER_ERROR, e.to_string()).into_response(),
    }
}

pub(crate) fn is_channel(name: &str) -> bool {
    CallChannel::ALL.iter().any(|it| it.gateway() == Some(name))
}

pub(crate) fn take(app: &App, channel: &str, call: CallRequest) -> Result<Value, Denied> {
    if call.key.is_empty() || call.to.is_empty() {
        return Err(denied(400, "key 与 to 不能为空"));
    }
    let mut desk = app.desk();
    let at = app.clock.now().max(desk.told_until);
    let ours = app.world.realm == Realm::Exercise;
    if call.exercise != ours {
        let why = if ours { "演练网关不接收实战呼叫" } else { "实战网关不接收演练呼叫" };
        let (notice_id, exercise) = (call.key, call.exercise);
        let entry = Entry::Refused { at, platform: channel.into(), notice_id, exercise, why: why.into() };
        desk.journal.append(entry).map_err(unwritable)?;
        return Err(denied(403, why));
    }
    let key = call.key.clone();
    if let Some(number) = desk.journal.call_number_of(&key) {
        desk.journal.append(Entry::CallRepeat { at, key }).map_err(unwritable)?;
        return Ok(json!({ "messageId": message_id(number), "duplicate": true }));
    }
    desk.journal.append(Entry::Call { at, channel: channel.into(), call: Box::new(call) }).map_err(unwritable)?;
    Ok(json!({ "messageId": message_id(desk.journal.calls.len() - 1), "duplicate": false }))
}

pub(crate) fn outcomes(app: &App, channel: &str, page: &PageRequest) -> Result<Value, Denied> {
    let after = position(&page.cursor)?;
    let mut desk = app.desk();
    let now = app.clock.now();
    desk.told_until = desk.told_until.max(now);
    let (f, dice) = (&app.world.figures.calls, app.world.orders_dice());
    let mut found = Vec::new();
    for (number, call) in desk.journal.calls.iter().enumerate().filter(|(_, it)| it.channel == channel) {
        for (i, outcome) in what_happens(call, f, dice).into_iter().enumerate() {
            let key = [outcome.at.0, number as i64, i as i64];
            if outcome.at <= now && key > after {
                found.push((key, call, outcome));
            }
        }
    }
    found.sort_by_key(|(key, ..)| *key);
    let (more, cursor) = cut(&mut found, page.limit, after, |(key, ..)| *key);
    let items: Vec<Value> = found
        .iter()
        .map(|(_, call, outcome)| {
            json!({
                "key": call.call.key, "status": outcome.status, "note": outcome.note,
                "at": outcome.at.to_beijing_text(), "simulated": true,
            })
        })
        .collect();
    Ok(json!({ "items": items, "cursor": cursor, "more": more }))
}

/// The way of one message or call.
pub(crate) fn what_happens(call: &ReceivedCall, f: &CallFigures, dice: Dice) -> Vec<Outcome> {
    let temper = temper(&call.call.to, f, dice);
    let dice = dice.of_text(&call.call.key);
    let after =
        |n, low: f64, typical: f64, high: f64| call.at.plus_secs(dice.of(n).spread([low, typical, high]) as i64);
    let outcome = |at, status, note| Outcome { at, status, note };
    let is_voice = call.channel == "voice";
    if temper == Temper::WrongNumber {
        return vec![outcome(after(1, 4.0, 8.0, 20.0), "failed", "空号或号码有误")];
    }
    if is_voice {
        let takes_it = match temper {
            Temper::Prompt => dice.of(2).unit() < 0.9,
            Temper::SecondRing => call.n_before > 0,
            Temper::Never | Temper::Late | Temper::WrongNumber => false,
        };
        return vec![if takes_it {
            outcome(after(3, 6.0, 14.0, 40.0), "answered", "按键确认")
        } else {
            outcome(call.at.plus_secs(RINGS_FOR_SECS), "no_answer", "响铃无人接听")
        }];
    }
    let delivered = after(4, 1.0, 4.0, 12.0);
    let mut outcomes = vec![outcome(delivered, "delivered", "")];
    match temper {
        Temper::Prompt if dice.of(5).unit() < 0.5 => {
            outcomes.push(outcome(after(6, 30.0, 80.0, 240.0).max(delivered), "answered", "回复收到"));
        }
        Temper::Late => outcomes.push(outcome(after(7, 720.0, 1000.0, 1500.0), "answered", "回复收到")),
        _ => {}
    }
    outcomes
}

fn temper(number: &str, f: &CallFigures, dice: Dice) -> Temper {
    let mut left = dice.of_text(number).of(1).unit();
    for (share, temper) in [
        (f.never_share.value, Temper::Never),
        (f.wrong_number_share.value, Temper::WrongNumber),
        (f.late_share.value, Temper::Late),
        (f.second_ring_share.value, Temper::SecondRing),
    ] {
        if left < share {
            return temper;
        }
        left -= share;
    }
    Temper::Prompt
}

fn message_id(number: usize) -> String {
    format!("M{:08}", number + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figures;

    fn call(to: usize, channel: &str, n_before: usize) -> ReceivedCall {
        let call = CallRequest {
            key: format!("gulang-x-c1-{to}-{n_before}"),
            to: format!("0592-0000{to:03}"),
            text: String::new(),
            exercise: true,
        };
        ReceivedCall { at: Timestamp(0), channel: channel.into(), call, times: 1, n_before }
    }

    #[test]
    fn people_differ_and_stay_themselves() {
        let (f, dice) = (Figures::shipped().calls, Dice::new(1));
        let last = |to, channel, n| what_happens(&call(to, channel, n), &f, dice).pop().map(|it| it.status);
        let rings = |n_before, status| (0..1000).filter(|to| last(*to, "voice", n_before) == Some(status)).count();
        let (first, second) = (rings(0, "answered"), rings(1, "answered"));
        assert!((500..800).contains(&first) && second > first + 60, "{first} {second}");
        assert!((5..60).contains(&rings(0, "failed")));
        for to in 0..1000 {
            assert_eq!(last(to, "voice", 0) == Some("failed"), last(to, "sms", 0) == Some("failed"), "{to}");
            let outcomes = what_happens(&call(to, "sms", 0), &f, dice);
            assert!(outcomes.windows(2).all(|it| it[0].at <= it[1].at));
        }
    }
}
