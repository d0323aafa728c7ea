//! Everything that differs between the native programs and the page, same names on both sides.

pub use here::*;

/// What a fetch brought, or why it brought nothing.
pub type Fetched = Result<Vec<u8>, String>;

/// Wakes the screen's loop: set once by the app, called wherever news arrives beside it.
static WAKE: std::sync::OnceLock<Box<dyn Fn() + Send + Sync>> = std::sync::OnceLock::new();

/// What [`wake`] does from now on; only the first call counts.
pub fn set_wake(wake: impl Fn() + Send + Sync + 'static) {
    // A second app in one process (a test) keeps the first one's.
    let _ = WAKE.set(Box::new(wake));
}

/// Something came that is worth a frame; a screen whose loop runs anyway needs no waking.
pub fn wake() {
    if let Some(wake) = WAKE.get() {
        wake();
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod here {
    use super::Fetched;
    use crate::net::Address;
    use std::{
        io::{Read, Write},
        net::TcpStream,
        path::PathBuf,
        time::Duration,
    };

    /// Waits for a future on this thread.
    pub fn block_on<T>(future: impl Future<Output = T>) -> T {
        bevy::tasks::block_on(future)
    }

    /// Resident memory of this process, MB; 0 where the system does not say.
    pub fn resident_mb() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kb| kb / 1024)
    }

    /// Fetches `url` beside the frame loop and hands the body to `then`.
    pub fn fetch(url: String, then: impl FnOnce(Fetched) + Send + 'static) {
        std::thread::spawn(move || {
            then(ask("GET", &url));
            super::wake();
        });
    }

    /// Posts nothing to `url`, which asks for something to be done, and hands what is answered to `then`.
    pub fn post(url: String, then: impl FnOnce(Fetched) + Send + 'static) {
        std::thread::spawn(move || {
            then(ask("POST", &url));
            super::wake();
        });
    }

    /// Fetches a file for the officer into the downloads' folder, else where the program stands, and says where it lies.
    pub fn save(url: String, name: String, then: impl FnOnce(Result<String, String>) + Send + 'static) {
        fetch(url, move |got| {
            let written = got.and_then(|bytes| {
                let path = downloads().join(&name);
                let said = |error: std::io::Error| format!("{}: {error}", path.display());
                std::fs::write(&path, bytes).map_err(said)?;
                Ok(path.display().to_string())
            });
            then(written);
        });
    }

    fn downloads() -> PathBuf {
        let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE")).map(PathBuf::from);
        let mut folders = home.iter().flat_map(|home| [home.join("Downloads"), home.join("下载")]);
        folders.find(|it| it.is_dir()).or_else(|| std::env::current_dir().ok()).unwrap_or_default()
    }

    /// The page's hub; a native program is told on its command line.
    pub fn page_address() -> Option<Address> {
        None
    }

    /// The canvas to draw in; a native program opens a window.
    pub fn canvas() -> Option<String> {
        None
    }

    /// HTTP/1.0, so that the body simply ends with the connection. Plain HTTP only: the hub is on this machine or behind
    /// its own network's tunnel.
    fn ask(method: &str, url: &str) -> Fetched {
        let rest = url.strip_prefix("http://").ok_or("only http:// is spoken here")?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let said = |what: &str, error: std::io::Error| format!("{what} {host}: {error}");
        let authority = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
        let mut stream = TcpStream::connect(&authority).map_err(|e| said("connecting to", e))?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).map_err(|e| said("waiting for", e))?;
        let length = if method == "POST" { "Content-Length: 0\r\n" } else { "" };
        let request = format!("{method} /{path} HTTP/1.0\r\nHost: {host}\r\nAccept: */*\r\n{length}\r\n");
        stream.write_all(request.as_bytes()).map_err(|e| said("asking", e))?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map_err(|e| said("reading from", e))?;
        let end = answer.windows(4).position(|it| it == b"\r\n\r\n").ok_or("an answer without a body")?;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head.split_whitespace().nth(1).unwrap_or("?").to_owned();
        // 204 is an answer with nothing in it: a tile the map was made without. 202 is a wish taken down.
        if !["200", "202", "204"].contains(&status.as_str()) {
            return Err(format!("HTTP {status}"));
        }
        Ok(answer.split_off(end + 4))
    }
}

#[cfg(target_arch = "wasm32")]
mod here {
    use super::Fetched;
    use crate::net::Address;
    use wasm_bindgen::{JsCast, JsValue};

    pub fn resident_mb() -> u64 {
        0
    }

    /// Fetches `url` beside the frame loop and hands the body to `then`.
    pub fn fetch(url: String, then: impl FnOnce(Fetched) + Send + 'static) {
        wasm_bindgen_futures::spawn_local(async move {
            then(ask("GET", &url).await.map_err(|error| format!("{error:?}")));
            super::wake();
        });
    }

    /// Posts nothing to `url`, which asks for something to be done, and hands what is answered to `then`.
    pub fn post(url: String, then: impl FnOnce(Fetched) + Send + 'static) {
        wasm_bindgen_futures::spawn_local(async move {
            then(ask("POST", &url).await.map_err(|error| format!("{error:?}")));
            super::wake();
        });
    }

    /// Opens a file for the officer in a window of its own, where the browser shows or keeps it.
    pub fn save(url: String, name: String, then: impl FnOnce(Result<String, String>) + Send + 'static) {
        let opened = web_sys::window().and_then(|it| it.open_with_url_and_target(&url, "_blank").ok().flatten());
        then(opened.map(|_| name).ok_or_else(|| "the browser opens no window".to_owned()));
    }

    async fn ask(method: &str, url: &str) -> Result<Vec<u8>, JsValue> {
        let window = web_sys::window().ok_or("no window")?;
        let how = web_sys::RequestInit::new();
        how.set_method(method);
        let answer: web_sys::Response =
            wasm_bindgen_futures::JsFuture::from(window.fetch_with_str_and_init(url, &how)).await?.dyn_into()?;
        if !answer.ok() {
            return Err(format!("HTTP {}", answer.status()).into());
        }
        let body = wasm_bindgen_futures::JsFuture::from(answer.array_buffer()?).await?;
        Ok(js_sys::Uint8Array::new(&body).to_vec())
    }

    /// `window.__GULANG__ = { url, token, seat? }`, put in place by the page before it starts us.
    pub fn page_address() -> Option<Address> {
        let window = web_sys::window()?;
        let given = js_sys::Reflect::get(&window, &"__GULANG__".into()).ok()?;
        let text = |key: &str| js_sys::Reflect::get(&given, &key.into()).ok()?.as_string();
        Some(Address::new(&text("url")?, &text("token")?, text("seat").as_deref().unwrap_or(crate::app::DESK_SEAT)))
    }

    /// The canvas to draw in.
    pub fn canvas() -> Option<String> {
        Some("#gulang".to_owned())
    }
}
