//! The desk: the one window of this program.

use crate::{WindowSize, hub::Address};
use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindowBuilder, utils::config::Color};

/// Its label; capabilities name it.
const LABEL: &str = "desk";
/// `background.app` of the design tokens, so that the window does not flash white before the page draws.
const BACKGROUND: Color = Color(0x0B, 0x11, 0x17, 0xFF);

/// `seat` is whose desk it is; without one the hub chooses.
pub fn open(
    app: &AppHandle,
    hub: &Address,
    seat: Option<&str>,
    size: Option<WindowSize>,
) -> Result<(), Box<dyn std::error::Error>> {
    let WindowSize { width, height } = size.unwrap_or(WindowSize { width: 1600.0, height: 900.0 });
    // JSON is JavaScript.
    let here = serde_json::json!({ "url": hub.url, "token": hub.token, "seat": seat });
    let script = format!("window.__GULANG__ = Object.freeze({here});");
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App("index.html".into()))
        .title("鼓浪")
        .inner_size(width, height)
        .min_inner_size(1024.0, 640.0)
        .background_color(BACKGROUND)
        .initialization_script(script)
        // Files dropped on the page are the page's: it takes their bytes, the shell would give it paths.
        .disable_drag_drop_handler()
        // The page is one page: a link out of it is a mistake or an attack.
        .on_navigation(|url| matches!(url.scheme(), "tauri" | "asset") || url.host_str() == Some("tauri.localhost"));
    let window = if size.is_some() { window.position(0.0, 0.0).decorations(false) } else { window };
    let window = window.build()?;
    watch_page(&window)?;
    Ok(())
}

/// A page is drawn by a process of its own. When that dies the last picture stays, and stale would look live: the page is
/// loaded again at once, and asks the hub for the city.
#[cfg(target_os = "linux")]
fn watch_page(window: &tauri::WebviewWindow) -> tauri::Result<()> {
    use webkit2gtk::WebViewExt;
    window.with_webview(|webview| {
        webview.inner().connect_web_process_terminated(|page, reason| {
            tracing::warn!(?reason, "the page's process died; loading the page again");
            page.reload();
        });
    })
}

/// Other systems' webviews do this themselves.
#[cfg(not(target_os = "linux"))]
fn watch_page(_window: &tauri::WebviewWindow) -> tauri::Result<()> {
    Ok(())
}

/// Shows the window and gives it the keyboard.
pub fn come_forward(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL) {
        // A window manager may refuse any of these; there is nothing better to do then.
        let _ = window.show();
        let _ = window.unminimize();
        let _ = window.set_focus();
    }
}
