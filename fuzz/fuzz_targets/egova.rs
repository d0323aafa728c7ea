#![no_main]
//! eGova-style case platforms: replies, pages of every kind of entry, tokens, calls, uploads.

use gulang_fuzz::check_command;
use gulang_platforms::egova;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = egova::read_token(data);
    // A page alone, or in its envelope.
    let data = egova::read_reply(data).or_else(|_| serde_json::from_slice(data));
    let Ok(data) = data else { return };
    let platform = "yunguanfu".into();
    type Read<'a> = &'a dyn Fn(&serde_json::Value) -> Result<gulang_city::Command, String>;
    let readers: [Read; 4] = [
        &|it| egova::read_case(it, &platform),
        &|it| egova::read_notice(it, "gulang-a-"),
        &egova::read_check_in,
        &egova::read_evacuation,
    ];
    for read in readers {
        if let Ok(page) = egova::read_page(&data, read, &platform) {
            assert_eq!(Some(page.commands.len()), data["items"].as_array().map(Vec::len), "one command an entry");
            page.commands.iter().for_each(check_command);
        }
    }
    let _ = (egova::read_taken(&data), egova::read_upload(&data), egova::read_call(&data));
    let _ = egova::read_process(&data["info"], &data["process"]);
});
