use std::num::NonZeroU32;

use super::*;

fn scrubber() -> Scrubber {
    Scrubber::new(ScrubKey::new([3, 5], NonZeroU32::new(4).unwrap()))
}

fn scrubbed(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    scrubber().json(&mut bytes);
    assert_eq!(bytes.len(), text.len());
    String::from_utf8(bytes).unwrap()
}

#[test]
fn names_texts_ids_tokens_and_addresses_are_gone_and_everything_keeps_its_length() {
    let text = r#"{"op":0,"t":"MESSAGE_CREATE","s":7,"d":{"id":"1048576000005308416",
        "content":"Hello \"World\" \u00fc\ud83c\udf08 <@1048576000005308417> größe 🔥",
        "nonce":"hunter2",
        "author":{"username":"Alice B","avatar":"a_0123456789abcdef0123456789abcdef","bot":false},
        "session_id":"deadbeef","resume_gateway_url":"wss://gateway-7.example.org:443/?x=1",
        "mentions":{"1048576000005308417":{"Nick Name":"Bob"}},"ip":"192.168.17.4"}}"#;
    let scrubbed = scrubbed(text);
    for secret in [
        "1048576000005308416",
        "1048576000005308417",
        "Hello",
        "World",
        "größe",
        "🔥",
        "ud83c",
        "udf08",
        "00fc",
        "hunter2",
        "Alice",
        "0123456789abcdef",
        "deadbeef",
        "gateway-7",
        "example",
        "Nick",
        "Bob",
        "192.168",
    ] {
        assert!(!scrubbed.contains(secret), "{secret} in {scrubbed}");
    }
    assert!(
        scrubbed.contains("\"op\":0,\"t\":\"MESSAGE_CREATE\",\"s\":7"),
        "{scrubbed}"
    );
    assert!(scrubbed.contains("\"wss://"), "{scrubbed}");
    let value: serde_json::Value = serde_json::from_str(&scrubbed).unwrap();
    let content = value["d"]["content"].as_str().unwrap();
    assert_eq!(content.matches('"').count(), 2);
    assert!(
        value["d"]["author"]["avatar"]
            .as_str()
            .unwrap()
            .starts_with("a_")
    );
}

#[test]
fn what_decides_stays() {
    for same in [
        r#"{"op":10,"d":{"heartbeat_interval":41250,"_trace":[]}}"#,
        r#"{"t":"GUILD_MEMBERS_CHUNK","d":{"nonce":"abcdef01.1.0","chunk_index":0}}"#,
        r#"{"d":{"status":"dnd","client_status":{"web":"idle"},"features":["COMMUNITY"]}}"#,
        r#"{"allow":"2248473465835073","deny":"0","type":"role","position":3,"x":1.5e3}"#,
        r#"{"retry_after":4.5,"unavailable":true,"member_count":250000,"joined":null}"#,
        "",
        "[",
    ] {
        assert_eq!(scrubbed(same), same);
    }
}

#[test]
fn an_id_is_the_same_as_a_text_a_number_and_a_key() {
    let scrubbed = scrubbed(
        r#"["1048576000005308416",1048576000005308416,
            {"1048576000005308416":{"role_ids":[12,12]}}]"#,
    );
    let value: serde_json::Value = serde_json::from_str(&scrubbed).unwrap();
    let id = value[0].as_str().unwrap();
    assert_eq!(value[1].to_string(), id);
    let roles = &value[2][id]["role_ids"];
    assert_eq!(roles[0], roles[1]);
    assert_ne!(id, "1048576000005308416");
}

#[test]
fn the_same_text_has_the_same_stand_in_and_others_have_others() {
    let scrubbed = scrubbed(r#"["Alice","Alice","Carol","🔥","🔥","👍"]"#);
    let texts: Vec<String> = serde_json::from_str(&scrubbed).unwrap();
    assert_eq!((&texts[0], &texts[3]), (&texts[1], &texts[4]));
    assert_ne!(texts[0], texts[2]);
    assert_ne!(texts[3], texts[5]);
}

#[test]
fn a_time_stays_a_time() {
    let scrubbed = scrubbed(r#"["2021-03-07T08:09:07.123456+00:00","2021-03-31T08:09:07Z"]"#);
    assert!(scrubbed.starts_with("[\"2021-03-"), "{scrubbed}");
    assert!(
        scrubbed.contains("+00:00\",\"2021-03-") && scrubbed.ends_with("Z\"]"),
        "{scrubbed}"
    );
    assert!(
        !scrubbed.contains("07T08:09") && !scrubbed.contains(".123456"),
        "{scrubbed}"
    );
}

#[test]
fn times_of_a_month_are_all_the_same_and_under_another_key_others() {
    let text = r#"["2021-03-07T08:09:07.123456+00:00","2021-03-31T23:59:59.000001+00:00"]"#;
    let with = |key| {
        let mut bytes = text.as_bytes().to_vec();
        Scrubber::new(ScrubKey::new(key, NonZeroU32::MIN)).json(&mut bytes);
        let times: [String; 2] = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(times[0], times[1]);
        times[0].clone()
    };
    assert_ne!(with([1, 2]), with([1, 3]));
}

#[test]
fn a_long_text_says_how_long_it_is_and_little_more() {
    let text = format!("[\"{}\"]", "The quick brown fox. ".repeat(100));
    let scrubbed = scrubbed(&text);
    let drawn = scrubbed.trim_end_matches("\"]").trim_end_matches('x');
    assert!(drawn.len() <= 7, "{drawn}");
}

#[test]
fn what_is_no_json_is_scrubbed_as_well_and_stays_none() {
    for (broken, secret) in [
        (&b"{\"name\":\"Ali"[..], "Ali"),
        (b"{\"name\":Alice}", "Alice"),
        (b"Alice", "Alice"),
        (b"{\"name\":\"Alice\\", "Alice"),
        (b"{\"name\":\"\xffAlice\xe4\"}", "Alice"),
        (b"{\"name\":\"\\uAlice\"}", "Alice"),
        (b"{\"name\":\"Alice\"123456789012345678}", "12345678"),
    ] {
        let mut bytes = broken.to_vec();
        scrubber().json(&mut bytes);
        assert_eq!(bytes.len(), broken.len());
        let found = bytes
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        assert!(!found, "{}", String::from_utf8_lossy(&bytes));
        let parses = serde_json::from_slice::<serde_json::Value>(&bytes).is_ok();
        assert!(!parses, "{}", String::from_utf8_lossy(&bytes));
    }
    let deep = "[".repeat(100_000) + "\"Alice\"";
    assert!(!scrubbed(&deep).contains("Alice"));
}

#[test]
fn a_token_or_an_address_is_gone_wherever_it_stands() {
    for secret in [
        "MTExMQ.Gx-y_Z.abcDEF-ghi_jkl",
        "alice@example.com",
        "Bot MTExMQ.Gx-y_Z.abcDEF",
    ] {
        for around in [
            r#"{"op":0,"t":"X","d":{"token":"@"}}"#,
            r#"{"op":2,"d":{"token":"@","properties":{"os":"@"}}}"#,
            r#"{"op":6,"d":{"token":"@","session_id":"@"}}"#,
            r#"{"t":"@"}"#,
            r#"{"@":1}"#,
            r#"{"@":{"@":["@"]}}"#,
            r#"{"d":{"nonce":"@","status":"@","features":["@"],"permissions":"@","type":"@"}}"#,
            r#"{"d":{"_trace":["[\"gateway\",{\"@\":1}]"]}}"#,
            r#"{"url":"wss://gateway.example/?token=@"}"#,
            r#"{"id":"@","guild_id":"@","role_ids":["@"]}"#,
            r#"["unfinished @"#,
            "@",
            r#"{"a":@}"#,
        ] {
            let text = around.replace('@', secret);
            let mut bytes = text.as_bytes().to_vec();
            scrubber().json(&mut bytes);
            let scrubbed = String::from_utf8_lossy(&bytes);
            for part in secret.split([' ', '.', '@']).filter(|part| part.len() > 4) {
                assert!(!scrubbed.contains(part), "{part} in {scrubbed}");
            }
        }
    }
}

#[test]
fn digits_that_are_no_id_stay_none_and_are_others() {
    for digits in [
        "007123456789012345",
        "18446744073709551616",
        "99999999999999999999",
    ] {
        for text in [format!("\"{digits}\""), digits.to_owned()] {
            let scrubbed = scrubbed(&text);
            let other = scrubbed.trim_matches('"');
            assert_ne!(other, digits);
            assert_eq!(other.starts_with('0'), digits.starts_with('0'), "{other}");
            let is_large = other.parse::<u64>().is_err();
            assert!(is_large || other.starts_with('0'), "{other}");
        }
    }
}

#[test]
fn an_id_is_gone_also_in_what_else_would_stay() {
    let id = "1048576000005308416";
    for text in [
        format!(r#"{{"x":{id}.0,"y":{id}e0,"z":-{id}.25E+2,"number":[{id}.5]}}"#),
        format!(r#"{{"user_{id}":1,"{id}_x":{{"a{id}":[]}}}}"#),
        format!(r#"{{"t":"EVENT_{id}","d":{{"features":["A{id}","{id}B"]}}}}"#),
        format!(r#"{{"status":"{id}","type":"{id}","nonce":"{id}","name":"<@!{id}>"}}"#),
        format!(
            r#"{{"url":"https://a.example/{id}/x?y={id}#{id}","a":"\u0031{}"}}"#,
            &id[1..]
        ),
    ] {
        let scrubbed = scrubbed(&text);
        assert!(!scrubbed.contains(&id[1..]), "{scrubbed}");
        let parsed: Result<serde_json::Value, _> = serde_json::from_str(&scrubbed);
        assert!(parsed.is_ok(), "{scrubbed}");
    }
}

#[test]
fn a_number_of_any_length_stays_one() {
    for digits in 1..80 {
        let scrubbed = scrubbed(&format!("[1{}]", "7".repeat(digits - 1)));
        let is_number = |sign: &u8| sign.is_ascii_digit();
        let number = scrubbed.trim_matches(['[', ']']).as_bytes();
        assert!(
            number.len() == digits && number.iter().all(is_number),
            "{scrubbed}"
        );
    }
}

#[test]
fn what_somebody_has_written_is_gone_wherever_the_service_puts_it() {
    let text = r#"{"t":"MESSAGE_CREATE","s":9,"op":0,"d":{"content":"@1","tts":false,
        "embeds":[{"title":"@2","url":"https://@3.example/@4","fields":[{"name":"@5",
            "value":"@6","inline":true}],"footer":{"text":"@7"},"author":{"name":"@8"}}],
        "components":[{"type":1,"components":[{"custom_id":"@9","label":"@10",
            "placeholder":"@11","options":[{"label":"@12","value":"@13","emoji":
            {"name":"@14"}}]}]}],
        "poll":{"question":{"text":"@15"},"answers":[{"poll_media":{"text":"@16"}}]},
        "attachments":[{"filename":"@17","title":"@18","description":"@19",
            "url":"https://cdn.example/@20?ex=@21","waveform":"@22"}],
        "sticker_items":[{"name":"@23"}],"reactions":[{"emoji":{"name":"@24","id":null}}],
        "thread":{"name":"@25","topic":"@26"},"member":{"nick":"@27","roles":[]},
        "activities":[{"name":"@28","details":"@29","state":"@30","url":"https://@31",
            "assets":{"large_text":"@32"},"party":{"id":"@33"},"buttons":["@34"],
            "secrets":{"join":"@35"}}],
        "guild":{"roles":[{"name":"@36","unicode_emoji":"@37"}],"description":"@38",
            "vanity_url_code":"@39","welcome_screen":{"description":"@40"}},
        "action_reason":"@41","reason":"@42","status":"@43",
        "changes":[{"key":"name","old_value":"@44","new_value":"@45"}],
        "options":{"delete_member_days":"@46"},
        "trigger_metadata":{"keyword_filter":["@47"],"regex_patterns":["@48"],
            "allow_list":["@49"]},
        "a field of tomorrow @50":{"@51":{"@52 ":[["@53"]]}},
        "type":"@54","features":["@55"],"permissions":"@56","nonce":"@57"}}"#;
    let secret = |number: usize| format!("Se-cr3t.{number}!");
    let count = 57;
    let mut filled = text.to_owned();
    for number in (1..=count).rev() {
        filled = filled.replace(&format!("@{number}"), &secret(number));
    }
    for name in [
        "MESSAGE_CREATE",
        "AN_EVENT_OF_TOMORROW",
        "GUILD_MEMBERS_CHUNK",
    ] {
        let scrubbed = scrubbed(&filled.replace("MESSAGE_CREATE", name));
        for number in 1..=count {
            let written = format!("cr3t.{number}");
            assert!(!scrubbed.contains(&written), "{written} in {scrubbed}");
        }
        assert!(
            !scrubbed.contains("Se-") && !scrubbed.contains("cr3t"),
            "{scrubbed}"
        );
        let parsed: Result<serde_json::Value, _> = serde_json::from_str(&scrubbed);
        assert!(parsed.is_ok(), "{scrubbed}");
    }
}

#[test]
fn numbers_that_somebody_has_written_are_others() {
    let text = r#"{"t":"INTERACTION_CREATE","d":{"data":{"options":[
        {"name":"phone","type":4,"value":4915123456789},{"type":10,"value":-52.520008},
        {"type":10,"value":0.123456},{"type":3,"value":"0042"},{"type":4,"value":71}]},
        "changes":[{"key":"x","old_value":1234567,"new_value":[7654321]}]}}"#;
    let scrubbed = scrubbed(text);
    for secret in [
        "4915123456789",
        "52.520008",
        "123456",
        "\"value\":\"0042",
        "\"value\":71",
        "1234567",
        "7654321",
    ] {
        assert!(!scrubbed.contains(secret), "{secret} in {scrubbed}");
    }
    assert!(scrubbed.contains("\"type\":10,\"value\":-"), "{scrubbed}");
    let parsed: Result<serde_json::Value, _> = serde_json::from_str(&scrubbed);
    assert!(parsed.is_ok(), "{scrubbed}");
}

#[test]
fn the_nonce_of_a_message_is_gone_and_that_of_an_answer_stays() {
    let of = |name: &str| format!(r#"{{"t":"{name}","d":{{"nonce":"hunter22.is.mine"}}}}"#);
    assert!(!scrubbed(&of("MESSAGE_CREATE")).contains("hunter22"));
    assert!(!scrubbed(&of("A_NEW_EVENT")).contains("hunter22"));
    for name in ["GUILD_MEMBERS_CHUNK", "RATE_LIMITED"] {
        assert_eq!(scrubbed(&of(name)), of(name));
    }
    let early = r#"{"d":{"nonce":"abcdef01.1.0"},"t":"GUILD_MEMBERS_CHUNK"}"#;
    assert_eq!(scrubbed(early), early, "its name may come later");
    let content = r#"\"t\":\"GUILD_MEMBERS_CHUNK\""#;
    for name in ["MESSAGE_CREATE", "A_NEW_EVENT"] {
        let early =
            format!(r#"{{"d":{{"nonce":"hunter22.is.mine","content":"{content}"}},"t":"{name}"}}"#);
        assert!(!scrubbed(&early).contains("hunter22"), "{name} comes later");
    }
    assert!(!scrubbed(r#"{"d":{"nonce":"hunter22"}}"#).contains("hunter22"));
}

#[test]
fn digits_behind_what_looks_like_a_time_are_gone() {
    let texts = [
        "2024-01-01T00:00:00+491701234567",
        "2024-01-01T00:00:00:001234567890123456",
        "2024-01-01T00:00:00.1234567890",
        "2024-01-01T00:00:00.12+49:17",
    ];
    for text in texts {
        let scrubbed = scrubbed(&format!("[\"{text}\"]"));
        assert!(!scrubbed.starts_with("[\"2024-01-"), "{scrubbed}");
    }
    for end in ["", "Z", "+00:00", ".123456+00:00", ".5Z"] {
        let scrubbed = scrubbed(&format!("[\"2024-01-01T00:00:00{end}\"]"));
        assert!(scrubbed.starts_with("[\"2024-01-"), "{end}: {scrubbed}");
    }
}

#[test]
fn a_text_of_signs_is_gone_also_behind_the_begin_of_an_address() {
    let text = r##"["https://!$%@()*+ -_;<>~","!$%@()*+ -_;<>~"]"##;
    let scrubbed = scrubbed(text);
    assert!(
        !scrubbed.contains(['!', '$', '@', '*', ';', '~', '-', '_']),
        "{scrubbed}"
    );
    assert!(scrubbed.starts_with("[\"https://"), "{scrubbed}");
}
