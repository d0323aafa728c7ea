#![no_main]
//! WVP-GB28181-pro and ZLMediaKit: replies of every kind.

use gulang_platforms::{wvp, zlm};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = (wvp::read_done(data), wvp::read_devices(data), zlm::read_online(data));
    if let Ok(page) = wvp::read_channels(data, "34020000001320000001") {
        // The hub refuses the others with a reason.
        for channel in page.list.iter().filter(|it| wvp::is_id(&it.id)) {
            let path = wvp::play_path(&channel.device, &channel.id);
            assert!(path.matches('/').count() == 5 && !path.contains(['%', '?', '#', '.']), "{path}");
        }
    }
    if let Ok(info) = wvp::read_stream(data) {
        let _ = info.best();
        assert!(wvp::read_stream(wvp::write_stream(&info).to_string().as_bytes()).is_ok(), "{info:?}");
    }
    if let Ok(snap) = zlm::read_snap(data) {
        assert_eq!(snap, data);
    }
});
