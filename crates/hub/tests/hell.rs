//! Peers from hell, for a whole hub with a configuration: they drop, flood, send a hundred megabytes, trickle, lie about what
//! they send, point elsewhere, do not listen. Each costs its own news only; its lamp and figures say so, and the one honest
//! peer beside them is heard to the last message. By counts and states, never by time.

#[path = "hell/broker.rs"]
mod broker;
#[path = "hell/streams.rs"]
mod streams;
#[path = "hell/town.rs"]
mod town;
#[path = "hell/web.rs"]
mod web;

use town::{Check, Town, is_down, is_up, n_of, runtime, source, text_of};

const MAPPING: &str =
    "[connector.mapping]\nitems = \"$.rows[*]\"\nto = \"gauge\"\nfields = { sensor = \"$.id\", value = \"$.mm\" }\n";
/// An honest row among others that are none.
const ROWS: &str = r#"{"rows":[{"id":"nobody","mm":1.0}]}"#;

#[test]
fn web_servers_that_misbehave_cost_only_their_own_news() -> Check {
    let runtime = runtime()?;
    let server = runtime.block_on(web::Server::open())?;
    let rest = |name: &str| {
        format!(
            "[[connector]]\nname = \"{name}\"\ntitle = \"{name}\"\nkind = \"rest\"\nurl = \"{}/{name}\"\nevery_s = 0.2\n{MAPPING}\n",
            server.url
        )
    };
    let sensorthings = |name: &str| {
        let options = "options = { streams = [{ observed = \"\", to = \"sensor\", unit = \"cm\" }] }\n";
        format!(
            "[[connector]]\nname = \"sta-{name}\"\ntitle = \"{name}\"\nkind = \"sensorthings\"\nurl = \"{}/{name}/v1.1\"\nevery_s = 0.2\n{options}\n",
            server.url
        )
    };
    let config: Vec<String> = web::BAD
        .iter()
        .flat_map(|it| [rest(it.name()), sensorthings(it.name())])
        .chain([rest("good"), rest("mistyped")])
        .collect();
    let town = Town::open(&config.concat())?;
    runtime.block_on(async {
        let names: Vec<String> =
            web::BAD.iter().flat_map(|it| [it.name().to_owned(), format!("sta-{}", it.name())]).collect();
        let sources = town
            .until("every loss", |it| {
                let is_told = |name: &String| {
                    is_down(it, name) && n_of(it, name, "n_losses") > 0 && !text_of(it, name, "remedy").is_empty()
                };
                names.iter().all(is_told) && n_of(it, "good", "n_messages") > 5
            })
            .await?;
        for (name, words) in [
            ("large", "超过"),
            ("sta-large", "超过"),
            ("gzip", "不是 JSON"),
            ("latin", "不是 JSON"),
            ("to-file", "302"),
            ("to-other", "302"),
            ("sta-to-other", "302"),
            ("trickle", "没有应答"),
            ("sta-trickle", "没有应答"),
        ] {
            let error = text_of(&sources, name, "last_error");
            assert!(error.contains(words), "{name}: {error}");
        }
        // What says that it is a picture and is rows, is rows.
        for name in ["good", "mistyped"] {
            assert!(is_up(&sources, name) && n_of(&sources, name, "n_losses") == 0, "{sources:#}");
        }
        assert_eq!(server.n_led_astray(), 0, "nobody follows a redirect");
        assert!(server.most_sent() < web::LARGE, "what is too large is cut off: {}", server.most_sent());
        let n = n_of(&sources, "good", "n_messages");
        town.until("the honest one goes on", |it| n_of(it, "good", "n_messages") > n + 5).await?;
        Ok::<(), town::Error>(())
    })?;
    town.close()
}

#[test]
fn field_servers_that_misbehave_cost_only_their_own_news() -> Check {
    let runtime = runtime()?;
    let servers = runtime.block_on(streams::Servers::open())?;
    let town = Town::open(&servers.config())?;
    runtime.block_on(async {
        // Each is lit, dark or counted as it deserves.
        let sources = town
            .until_retrying("every one's due", &["cot-drops"], |it| {
                n_of(it, "cot-drops", "n_losses") >= 3
                    && n_of(it, "cot-drops", "n_messages") >= 3
                    && n_of(it, "cot-flood", "n_messages") >= 20_000
                    && n_of(it, "cot-large", "n_messages") >= 2
                    && n_of(it, "cot-latin", "n_messages") >= 2
                    && n_of(it, "cot-deaf", "n_losses") >= 1
                    && source(it, "cot-trickle")["state"] == "silent"
                    && n_of(it, "cot-good", "n_messages") > 20
            })
            .await?;
        assert!(n_of(&sources, "cot-flood", "n_dropped") >= 10_000, "{sources:#}");
        assert_eq!(n_of(&sources, "cot-large", "n_refused"), 1, "said once: {sources:#}");
        assert!(n_of(&sources, "cot-latin", "n_refused") >= 1);
        assert!(text_of(&sources, "cot-deaf", "last_error").contains("对方不收"), "{sources:#}");
        assert_eq!(n_of(&sources, "cot-trickle", "n_messages"), 0);
        let good = ["n_dropped", "n_refused", "n_losses"].map(|it| n_of(&sources, "cot-good", it));
        assert_eq!((good, is_up(&sources, "cot-good")), ([0; 3], true), "{sources:#}");
        assert!(source(&sources, "cot-good")["lag_ms"].is_i64());
        Ok::<(), town::Error>(())
    })?;
    town.close()
}

#[test]
fn terminals_that_misbehave_cost_only_their_own_news() -> Check {
    let runtime = runtime()?;
    let ports = streams::Ports::free()?;
    let town = Town::open(&ports.config())?;
    runtime.block_on(async {
        let peers = streams::bad_terminals(ports.bad);
        streams::honest_terminal(ports.good, 200).await?;
        let sources = town
            .until("the flood", |it| {
                n_of(it, "trucks", "n_messages") >= 5000
                    && n_of(it, "trucks", "n_refused") > 0
                    && n_of(it, "buses", "n_messages") >= 200
            })
            .await?;
        assert!(n_of(&sources, "trucks", "n_dropped") > 0, "{sources:#}");
        let good = ["n_messages", "n_dropped", "n_refused", "n_losses"].map(|it| n_of(&sources, "buses", it));
        assert_eq!(good, [200, 0, 0, 0], "{sources:#}");
        peers.end().await;
        // A port on which bytes trickle and none makes a frame hears nobody.
        let trickle = tokio::spawn(streams::trickle(ports.bad));
        town.until("silence", |it| source(it, "trucks")["state"] == "silent").await?;
        trickle.abort();
        // And an honest one is heard there again.
        let honest = tokio::spawn(async move { drop(streams::honest_terminal(ports.bad, usize::MAX).await) });
        town.until("light", |it| is_up(it, "trucks")).await?;
        honest.abort();
        Ok::<(), town::Error>(())
    })?;
    town.close()
}

#[test]
fn datagrams_that_flood_or_are_none_cost_only_themselves() -> Check {
    let runtime = runtime()?;
    let ports = streams::Ports::free()?;
    let mavlink = |name: &str, port: u16| {
        format!(
            "[[connector]]\nname = \"{name}\"\ntitle = \"{name}\"\nkind = \"mavlink\"\nurl = \"udp://127.0.0.1:{port}\"\nfreshness_s = 1\nmax_per_s = 100\noptions = {{ vehicles = {{ 1 = \"{}\" }} }}\n",
            town::DRONE
        )
    };
    let town = Town::open(&format!("{}{}", mavlink("noise", ports.bad), mavlink("flood", ports.good)))?;
    runtime.block_on(async {
        let noise = tokio::spawn(streams::noise(ports.bad));
        let flood = tokio::spawn(streams::heartbeats(ports.good));
        let sources = town
            .until("the flood, and no light for noise", |it| {
                n_of(it, "flood", "n_messages") >= 5000
                    && is_up(it, "flood")
                    && n_of(it, "noise", "n_refused") > 0
                    && source(it, "noise")["state"] == "silent"
            })
            .await?;
        assert!(n_of(&sources, "flood", "n_dropped") > 0, "{sources:#}");
        assert_eq!(n_of(&sources, "noise", "n_refused"), 1, "said once: {sources:#}");
        noise.abort();
        flood.abort();
        Ok::<(), town::Error>(())
    })?;
    town.close()
}

#[test]
fn pushes_that_trickle_flood_or_are_none_leave_other_doors_open() -> Check {
    let runtime = runtime()?;
    let hook = |name: &str, limit: &str| {
        format!(
            "[[connector]]\nname = \"{name}\"\ntitle = \"{name}\"\nkind = \"webhook\"\n{limit}secrets = {{ token = \"env:PATH\" }}\noptions = {{ header = \"X-Token\" }}\n{MAPPING}\n"
        )
    };
    let town = Town::open(&format!("{}{}", hook("push", "max_per_s = 5\n"), hook("other", "")))?;
    runtime.block_on(async {
        town.until("the doors", |it| !source(it, "push").is_null() && !source(it, "other").is_null()).await?;
        for _ in 0..2000 {
            let status = town.push("push", ROWS.into()).await?;
            assert!(matches!(status, 200 | 429), "{status}");
        }
        let large = town.push("push", vec![b' '; 100 << 20]).await;
        assert!(large.is_err() || large.is_ok_and(|it| it == 413));
        let sources = town.sources().await?;
        assert_eq!(n_of(&sources, "push", "n_messages"), 2000);
        assert!(n_of(&sources, "push", "n_dropped") > 0, "{sources:#}");

        // Not UTF-8, and not unpacked: refused entries, and an answer all the same.
        for body in [&b"{\"rows\":[{\"id\":\"\xb9\xc4\"}]}"[..], web::GZIPPED] {
            assert_eq!(town.push("other", body.to_vec()).await?, 200);
        }
        assert_eq!(n_of(&town.sources().await?, "other", "n_refused"), 2);

        // Slow ones fill this door, and no other.
        let slow = town.trickle_bodies("push", 40).await?;
        town.until_pushed("push", 429).await?;
        assert_eq!(town.push("other", ROWS.into()).await?, 200);
        drop(slow);
        town.until_pushed("push", 200).await?;
        Ok::<(), town::Error>(())
    })?;
    town.close()
}

#[test]
fn brokers_that_misbehave_cost_only_their_own_news() -> Check {
    let runtime = runtime()?;
    let dir = tempfile::tempdir()?;
    let mosquitto = broker::start_mosquitto(dir.path())?;
    let liars = runtime.block_on(broker::Liars::open())?;
    let dji = |name: &str, address: &str, limit: &str| {
        format!(
            "[[connector]]\nname = \"{name}\"\ntitle = \"{name}\"\nkind = \"dji\"\nurl = \"mqtt://{address}\"\n{limit}\n"
        )
    };
    let json = |name: &str, address: &str, topic: &str| {
        format!(
            "[[connector]]\nname = \"{name}\"\ntitle = \"{name}\"\nkind = \"mqtt\"\nurl = \"mqtt://{address}\"\noptions = {{ topics = [\"{topic}\"] }}\n{MAPPING}\n"
        )
    };
    let mut config = dji("dock", &mosquitto.address, "max_per_s = 100") + &json("good", &mosquitto.address, "good/up");
    for (name, address) in liars.addresses() {
        config += &dji(&format!("dji-{name}"), address, "");
        config += &json(&format!("mqtt-{name}"), address, "a/b");
    }
    let town = Town::open(&config)?;
    runtime.block_on(async {
        let speaker = broker::Speaker::connect(&mosquitto.address).await?;
        let lies: Vec<String> =
            liars.addresses().flat_map(|(name, _)| [format!("dji-{name}"), format!("mqtt-{name}")]).collect();
        // One that greets first is lit for as long as it says nothing wrong.
        let is_told = |it: &serde_json::Value, name: &String| {
            n_of(it, name, "n_losses") > 0 && (is_down(it, name) || name.ends_with("long"))
        };
        let sources = town.until("every lie", |it| lies.iter().all(|name| is_told(it, name))).await?;
        assert!(lies.iter().all(|it| n_of(&sources, it, "n_messages") == 0), "{sources:#}");
        let flood = speaker.flood();
        let sources = town
            .until("the flood", |it| n_of(it, "dock", "n_messages") >= 5000 && n_of(it, "dock", "n_refused") > 0)
            .await?;
        assert!(n_of(&sources, "dock", "n_dropped") > 0, "{sources:#}");
        flood.abort();
        let _ = flood.await;
        // Beyond what is taken at once: the connection is given up, and made anew.
        let n_losses = n_of(&sources, "dock", "n_losses");
        speaker.say("thing/product/SN1/osd", vec![b' '; 2 << 20]).await?;
        let sources = town.until("the large one", |it| n_of(it, "dock", "n_losses") > n_losses).await?;
        let n = n_of(&sources, "dock", "n_messages");
        town.until_saying("the dock again", &speaker, ("thing/product/SN1/osd", broker::OSD), |it| {
            n_of(it, "dock", "n_messages") > n
        })
        .await?;
        // The other listener of the same broker lost nothing of it.
        town.until_saying("the honest one", &speaker, ("good/up", ROWS), |it| n_of(it, "good", "n_messages") > 20)
            .await?;
        assert_eq!(n_of(&town.sources().await?, "good", "n_dropped"), 0);
        Ok::<(), town::Error>(())
    })?;
    drop(mosquitto);
    town.close()
}

#[test]
fn stream_servers_that_are_gone_or_hang_up_are_told_apart() -> Check {
    let runtime = runtime()?;
    let rude = runtime.block_on(broker::Liars::open())?;
    let gone = streams::Ports::free()?.bad;
    let rtsp = |name: &str, address: &str| {
        format!(
            "[[connector]]\nname = \"{name}\"\ntitle = \"{name}\"\nkind = \"rtsp\"\nevery_s = 1\noptions = {{ cameras = {{ {} = \"rtsp://{address}/stream1\" }} }}\n",
            town::CAMERA
        )
    };
    let (_, address) = rude.addresses().next().ok_or("a peer")?;
    let town = Town::open(&format!("{}{}", rtsp("gone", &format!("127.0.0.1:{gone}")), rtsp("rude", address)))?;
    runtime.block_on(async {
        let sources = town
            .until("both", |it| is_down(it, "gone") && n_of(it, "gone", "n_losses") > 0 && is_up(it, "rude"))
            .await?;
        assert!(text_of(&sources, "gone", "last_error").contains("连不上"), "{sources:#}");
        // That it hangs up on a stream is the feed's own state; the server is there.
        assert_eq!(n_of(&sources, "rude", "n_losses"), 0, "{sources:#}");
        Ok::<(), town::Error>(())
    })?;
    town.close()
}
