//! What the page may ask of the shell. Each converts, calls one function, converts back.

use crate::{
    hub::{Address, Hub},
    wall::{Display, Walls},
};
use tauri::{AppHandle, State};

#[tauri::command]
pub fn hub_address(hub: State<'_, Hub>) -> Address {
    hub.address().clone()
}

#[tauri::command]
pub fn displays(app: AppHandle) -> Vec<Display> {
    crate::wall::displays(&app)
}

#[tauri::command]
pub fn open_wall(app: AppHandle, walls: State<'_, Walls>, display: usize) -> Result<(), String> {
    walls.open(&app, display).map_err(|e| e.to_string())
}
