//! The desk: the page's program (wasm), and natively a window to develop it in.

use bevy::{prelude::*, window::WindowResolution};
use gulang_ui::{app, platform};

fn main() -> AppExit {
    let address = platform::page_address().or_else(native::address);
    let Some(address) = address else {
        // The page says so in its own words.
        return AppExit::error();
    };
    let window = Window {
        title: "鼓浪".to_owned(),
        canvas: platform::canvas(),
        fit_canvas_to_parent: true,
        prevent_default_event_handling: true,
        resolution: WindowResolution::new(1920, 1080),
        ..default()
    };
    let mut bevy_app = App::new();
    bevy_app
        .add_plugins(DefaultPlugins.set(app::log()).set(WindowPlugin { primary_window: Some(window), ..default() }));
    app::plugin(&mut bevy_app, app::Screen::Desk, address, app::Start::default());
    bevy_app.add_systems(Startup, |mut commands: Commands| {
        commands.spawn((Camera2d, Msaa::Off));
    });
    bevy_app.run()
}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use clap::Parser;
    use gulang_ui::{app, net::Address};

    /// The desk in a native window: for developing it; people work at the desktop app `gulang`.
    #[derive(Parser)]
    struct Options {
        /// The hub, as `gulang-hub serve` printed it.
        #[arg(long, default_value = "http://127.0.0.1:8700")]
        hub: String,
        #[arg(long, default_value = "")]
        token: String,
        /// Who sits here, as the city's roles.json names it [default: its first officer's seat]
        #[arg(long, default_value = app::DESK_SEAT, hide_default_value = true)]
        seat: String,
    }

    pub fn address() -> Option<Address> {
        let options = Options::parse();
        Some(Address::new(&options.hub, &options.token, &options.seat))
    }
}

#[cfg(target_arch = "wasm32")]
mod native {
    pub fn address() -> Option<gulang_ui::net::Address> {
        None
    }
}
