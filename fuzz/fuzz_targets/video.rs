#![no_main]
//! WVP-GB28181-pro and ZLMediaKit: replies of every kind.

use gulang_platforms::{wvp, zlm};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = (wvp::read_done(data), wvp::read_devices(data), zlm::read_online(data));
    if let Ok(page) = wvp::read_channels(data, "34020000001320000001") {
        for channel in &page.list {
            assert!(wvp::is_id(&channel.id), "it goes into a path: {:?}", channel.id);
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
