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

    /// How long an answer may keep silent.
    const QUICK: Duration = Duration::from_secs(20);
    const PATIENT: Duration = Duration::from_secs(100);
    const SLOW: Duration = Duration::from_secs(600);

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
            then(get(&url));
            super::wake();
        });
    }

    /// Fetches a file for the officer into the downloads' folder, else where the program stands, and says where it lies.
    pub fn save(url: String, name: String, then: impl FnOnce(Result<String, String>) + Send + 'static) {
        fetch(url, move |got| then(got.and_then(|bytes| written(&name, bytes))));
    }

    /// [`save`] of what the hub takes minutes to make, such as pages with maps; where it refuses, its words.
    pub fn save_slow(url: String, name: String, then: impl FnOnce(Result<String, String>) + Send + 'static) {
        std::thread::spawn(move || {
            let got = match exchange(&url, "GET", &[], SLOW) {
                Ok((200, bytes)) => Ok(bytes),
                Ok((status, words)) if words.is_empty() => Err(format!("HTTP {status}")),
                Ok((_, words)) => Err(String::from_utf8_lossy(&words).into_owned()),
                Err(why) => Err(why),
            };
            then(got.and_then(|bytes| written(&name, bytes)));
            super::wake();
        });
    }

    /// Where a file was written for the officer.
    fn written(name: &str, bytes: Vec<u8>) -> Result<String, String> {
        let path = downloads().join(name);
        let said = |error: std::io::Error| format!("{}: {error}", path.display());
        std::fs::write(&path, bytes).map_err(said)?;
        Ok(path.display().to_string())
    }

    fn downloads() -> PathBuf {
        let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE")).map(PathBuf::from);
        let mut folders = home.iter().flat_map(|home| [home.join("Downloads"), home.join("下载")]);
        folders.find(|it| it.is_dir()).or_else(|| std::env::current_dir().ok()).unwrap_or_default()
    }

    /// Sends `body` beside the frame loop and hands the answer to `then`; where the hub refuses, its words.
    pub fn post(url: String, body: Vec<u8>, then: impl FnOnce(Fetched) + Send + 'static) {
        std::thread::spawn(move || {
            then(send(&url, &body));
            super::wake();
        });
    }

    /// Files somebody chose or dropped on the page; a native window says so itself ([`read_dropped`]).
    pub fn take_files() -> Vec<(String, Vec<u8>)> {
        Vec::new()
    }

    /// Asks for a file; `false` where there is nothing to ask with, and it is to be dropped on the window.
    pub fn choose_file() -> bool {
        false
    }

    /// A file dropped on the window: its name and bytes.
    pub fn read_dropped(path: &std::path::Path) -> Result<(String, Vec<u8>), String> {
        let said = |error: std::io::Error| format!("{}: {error}", path.display());
        let name = path.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
        Ok((name, std::fs::read(path).map_err(said)?))
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
    fn get(url: &str) -> Fetched {
        match exchange(url, "GET", &[], QUICK)? {
            // 204 is an answer with nothing in it: a tile the map was made without.
            (200 | 204, body) => Ok(body),
            (status, _) => Err(format!("HTTP {status}")),
        }
    }

    fn send(url: &str, body: &[u8]) -> Fetched {
        // A question may be worded by a model, which takes its time.
        match exchange(url, "POST", body, PATIENT)? {
            (200, answer) => Ok(answer),
            (status, words) if words.is_empty() => Err(format!("HTTP {status}")),
            (_, words) => Err(String::from_utf8_lossy(&words).into_owned()),
        }
    }

    /// The status and the body.
    fn exchange(url: &str, method: &str, body: &[u8], patience: Duration) -> Result<(u16, Vec<u8>), String> {
        let rest = url.strip_prefix("http://").ok_or("only http:// is spoken here")?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let said = |what: &str, error: std::io::Error| format!("{what} {host}: {error}");
        let authority = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
        let mut stream = TcpStream::connect(&authority).map_err(|e| said("connecting to", e))?;
        stream.set_read_timeout(Some(patience)).map_err(|e| said("waiting for", e))?;
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let request = format!("{method} /{path} HTTP/1.0\r\nHost: {host}\r\nAccept: */*\r\n{length}\r\n");
        stream.write_all(request.as_bytes()).map_err(|e| said("asking", e))?;
        stream.write_all(body).map_err(|e| said("asking", e))?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map_err(|e| said("reading from", e))?;
        let end = answer.windows(4).position(|it| it == b"\r\n\r\n").ok_or("an answer without a body")?;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status =
            head.split_whitespace().nth(1).and_then(|it| it.parse().ok()).ok_or("an answer without a status")?;
        Ok((status, answer.split_off(end + 4)))
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
            then(get(&url).await.map_err(|error| format!("{error:?}")));
            super::wake();
        });
    }

    /// Sends `body` beside the frame loop and hands the answer to `then`; where the hub refuses, its words.
    pub fn post(url: String, body: Vec<u8>, then: impl FnOnce(Fetched) + Send + 'static) {
        wasm_bindgen_futures::spawn_local(async move {
            then(send(&url, &body).await);
            super::wake();
        });
    }

    /// Files somebody chose or dropped on the page, which puts them into `window.__GULANG_FILES__` as `{ name, bytes }`.
    pub fn take_files() -> Vec<(String, Vec<u8>)> {
        let Some(window) = web_sys::window() else { return Vec::new() };
        let Ok(queue) = js_sys::Reflect::get(&window, &"__GULANG_FILES__".into()) else { return Vec::new() };
        let Ok(queue) = queue.dyn_into::<js_sys::Array>() else { return Vec::new() };
        let mut files = Vec::new();
        while queue.length() > 0 {
            let file = queue.shift();
            let part = |key: &str| js_sys::Reflect::get(&file, &key.into()).ok();
            let (name, bytes) = (part("name").and_then(|it| it.as_string()), part("bytes"));
            if let (Some(name), Some(bytes)) = (name, bytes) {
                files.push((name, js_sys::Uint8Array::new(&bytes).to_vec()));
            }
        }
        files
    }

    /// Asks for a file with the page's own dialog; `false` where the page has none.
    pub fn choose_file() -> bool {
        let Some(window) = web_sys::window() else { return false };
        let asked = js_sys::Reflect::get(&window, &"__GULANG_CHOOSE__".into());
        let asked = asked.and_then(|it| it.dyn_into::<js_sys::Function>()).and_then(|it| it.call0(&window));
        asked.is_ok()
    }

    /// The page hands files over by their bytes.
    pub fn read_dropped(_: &std::path::Path) -> Result<(String, Vec<u8>), String> {
        Err("the page has no paths".to_owned())
    }

    async fn send(url: &str, body: &[u8]) -> Fetched {
        let said = |error: JsValue| format!("{error:?}");
        let answer = asked(url, body).await.map_err(said)?;
        let is_good = answer.ok();
        let body = wasm_bindgen_futures::JsFuture::from(answer.array_buffer().map_err(said)?).await.map_err(said)?;
        let body = js_sys::Uint8Array::new(&body).to_vec();
        if is_good { Ok(body) } else { Err(String::from_utf8_lossy(&body).into_owned()) }
    }

    /// Plain bytes and no headers of ours: a request a page of another origin may make without asking first.
    async fn asked(url: &str, body: &[u8]) -> Result<web_sys::Response, JsValue> {
        let window = web_sys::window().ok_or("no window")?;
        let init = js_sys::Object::new();
        js_sys::Reflect::set(&init, &"method".into(), &"POST".into())?;
        js_sys::Reflect::set(&init, &"body".into(), &js_sys::Uint8Array::from(body).into())?;
        let fetch: js_sys::Function = js_sys::Reflect::get(&window, &"fetch".into())?.dyn_into()?;
        let promise: js_sys::Promise = fetch.call2(&window, &url.into(), &init)?.dyn_into()?;
        wasm_bindgen_futures::JsFuture::from(promise).await?.dyn_into()
    }

    /// Opens a file for the officer in a window of its own, where the browser shows or keeps it.
    pub fn save(url: String, name: String, then: impl FnOnce(Result<String, String>) + Send + 'static) {
        let opened = web_sys::window().and_then(|it| it.open_with_url_and_target(&url, "_blank").ok().flatten());
        then(opened.map(|_| name).ok_or_else(|| "the browser opens no window".to_owned()));
    }

    /// The browser waits as long as it takes.
    pub fn save_slow(url: String, name: String, then: impl FnOnce(Result<String, String>) + Send + 'static) {
        save(url, name, then);
    }

    async fn get(url: &str) -> Result<Vec<u8>, JsValue> {
        let window = web_sys::window().ok_or("no window")?;
        let answer: web_sys::Response =
            wasm_bindgen_futures::JsFuture::from(window.fetch_with_str(url)).await?.dyn_into()?;
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
