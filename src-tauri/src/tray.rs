//! The tray: the desk, a wall on any display, the end.

use crate::{
    desk,
    wall::{self, Walls},
};
use tauri::{
    AppHandle, Manager,
    menu::{Menu, MenuItem, PredefinedMenuItem, Submenu},
    tray::TrayIconBuilder,
};

const DESK: &str = "desk";
const CLOSE_WALLS: &str = "close-walls";
const QUIT: &str = "quit";
/// Followed by the display's number.
const WALL_PREFIX: &str = "wall-";

pub fn build(app: &AppHandle) -> tauri::Result<()> {
    let walls = Submenu::new(app, "在显示器上打开大屏", true)?;
    for display in wall::displays(app) {
        walls.append(&MenuItem::with_id(
            app,
            format!("{WALL_PREFIX}{}", display.number),
            display.label(),
            true,
            None::<&str>,
        )?)?;
    }
    let menu = Menu::with_items(
        app,
        &[
            &MenuItem::with_id(app, DESK, "显示席位窗口", true, None::<&str>)?,
            &walls,
            &MenuItem::with_id(app, CLOSE_WALLS, "关闭全部大屏", true, None::<&str>)?,
            &PredefinedMenuItem::separator(app)?,
            &MenuItem::with_id(app, QUIT, "退出鼓浪", true, None::<&str>)?,
        ],
    )?;
    let mut tray = TrayIconBuilder::with_id("gulang").menu(&menu).tooltip("鼓浪").on_menu_event(|app, event| {
        on_choice(app, event.id().as_ref());
    });
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.build(app)?;
    Ok(())
}

fn on_choice(app: &AppHandle, choice: &str) {
    match choice {
        DESK => desk::come_forward(app),
        CLOSE_WALLS => app.state::<Walls>().close_all(),
        QUIT => app.exit(0),
        other => {
            let display = other.strip_prefix(WALL_PREFIX).and_then(|number| number.parse().ok());
            if let Some(Err(why)) = display.map(|display| app.state::<Walls>().open(app, display)) {
                crate::alerts::notify(app, "大屏没有打开", &why.to_string());
            }
        }
    }
}
