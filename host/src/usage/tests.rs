use super::*;

/// The usage in a report, with the promise checked that the kinds add up to the totals.
fn read(json: &str) -> Usage {
    let usage = Usage::from_json(json.as_bytes()).unwrap_or_else(|| panic!("no usage in {json}"));
    let InputTokens {
        text,
        cached,
        cache_write_5m,
        cache_write_1h,
        audio,
        image,
    } = usage.input;
    assert_eq!(
        text + cached + cache_write_5m + cache_write_1h + audio + image,
        usage.prompt_tokens,
        "{json}"
    );
    let OutputTokens {
        text,
        reasoning,
        audio,
        image,
    } = usage.output;
    assert_eq!(text + reasoning + audio + image, usage.completion_tokens, "{json}");
    usage
}

#[test]
fn cached_audio_and_reasoning_tokens_are_counted_once() {
    let usage = read(
        r#"{"prompt_tokens":2006,"completion_tokens":300,"total_tokens":2306,
            "prompt_tokens_details":{"cached_tokens":1920,"audio_tokens":6},
            "completion_tokens_details":{"reasoning_tokens":192,"audio_tokens":8,"accepted_prediction_tokens":0}}"#,
    );
    // 2006 - 1920 cached - 6 audio = 80 text; 300 - 192 reasoning - 8 audio = 100 text.
    assert_eq!(
        usage.input,
        InputTokens {
            text: 80,
            cached: 1920,
            audio: 6,
            ..InputTokens::default()
        }
    );
    assert_eq!(
        usage.output,
        OutputTokens {
            text: 100,
            reasoning: 192,
            audio: 8,
            image: 0
        }
    );
    assert_eq!(
        (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens),
        (2006, 300, 2306)
    );
}

#[test]
fn cache_reads_and_writes_of_anthropic_beside_openai_totals() {
    let usage = read(
        r#"{"prompt_tokens":1000,"completion_tokens":10,"total_tokens":1010,
            "cache_read_input_tokens":700,"cache_creation_input_tokens":200,
            "cache_creation":{"ephemeral_5m_input_tokens":50,"ephemeral_1h_input_tokens":150},
            "prompt_tokens_details":{"cached_tokens":700,"cache_creation_tokens":200}}"#,
    );
    // 1000 - 700 read - 200 written = 100.
    let expected = InputTokens {
        text: 100,
        cached: 700,
        cache_write_5m: 50,
        cache_write_1h: 150,
        audio: 0,
        image: 0,
    };
    assert_eq!(usage.input, expected);
}

#[test]
fn a_report_of_anthropics_own_counts_the_cache_beside_the_input() {
    let usage = read(
        r#"{"input_tokens":100,"cache_read_input_tokens":700,"cache_creation_input_tokens":200,"output_tokens":10,
            "service_tier":"standard"}"#,
    );
    assert_eq!(
        (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens),
        (1000, 10, 1010)
    );
    let expected = InputTokens {
        text: 100,
        cached: 700,
        cache_write_5m: 200,
        ..InputTokens::default()
    };
    assert_eq!(usage.input, expected);
}

#[test]
fn a_report_of_the_responses_operation_counts_the_cache_inside_the_input() {
    let usage = read(
        r#"{"input_tokens":75,"input_tokens_details":{"cached_tokens":32},"output_tokens":1186,
            "output_tokens_details":{"reasoning_tokens":1024},"total_tokens":1261}"#,
    );
    assert_eq!(
        usage.input,
        InputTokens {
            text: 43,
            cached: 32,
            ..InputTokens::default()
        }
    );
    assert_eq!(
        usage.output,
        OutputTokens {
            text: 162,
            reasoning: 1024,
            ..OutputTokens::default()
        }
    );
}

#[test]
fn deepseek_names_its_cache_hits_beside_the_prompt() {
    let usage = read(
        r#"{"prompt_tokens":100,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36,"completion_tokens":5}"#,
    );
    assert_eq!(
        usage.input,
        InputTokens {
            text: 36,
            cached: 64,
            ..InputTokens::default()
        }
    );
}

#[test]
fn reasoning_outside_the_answer_is_added_to_it_when_the_total_says_so() {
    // 20 + 5 + 100 = 125: the total counts the reasoning, the answer does not.
    let outside = read(
        r#"{"prompt_tokens":20,"completion_tokens":5,"total_tokens":125,
            "completion_tokens_details":{"reasoning_tokens":100}}"#,
    );
    assert_eq!(outside.completion_tokens, 105);
    assert_eq!(
        outside.output,
        OutputTokens {
            text: 5,
            reasoning: 100,
            ..OutputTokens::default()
        }
    );

    let inside = read(
        r#"{"prompt_tokens":20,"completion_tokens":105,"total_tokens":125,
            "completion_tokens_details":{"reasoning_tokens":100}}"#,
    );
    assert_eq!(inside.completion_tokens, 105);
    assert_eq!(inside.output, outside.output);
}

#[test]
fn embeddings_report_a_prompt_and_a_total() {
    let usage = read(r#"{"prompt_tokens":8,"total_tokens":8}"#);
    assert_eq!(usage, Usage::of_text(8, 0));
    assert_eq!(read(r#"{"total_tokens":8}"#), Usage::of_text(8, 0));
}

#[test]
fn details_larger_than_the_total_are_cut_to_it() {
    let usage = read(
        r#"{"prompt_tokens":10,"completion_tokens":4,
            "prompt_tokens_details":{"cached_tokens":8,"cache_creation_tokens":5,"audio_tokens":10,"image_tokens":10},
            "completion_tokens_details":{"reasoning_tokens":99,"audio_tokens":99}}"#,
    );
    assert_eq!(
        usage.input,
        InputTokens {
            cached: 8,
            cache_write_5m: 2,
            ..InputTokens::default()
        }
    );
    assert_eq!(
        usage.output,
        OutputTokens {
            reasoning: 4,
            ..OutputTokens::default()
        }
    );
}

#[test]
fn numbers_that_make_no_sense_count_as_not_given() {
    let usage = read(
        r#"{"prompt_tokens":10.0,"completion_tokens":-4,"total_tokens":null,"prompt_tokens_details":null,
            "completion_tokens_details":[1,{"a":2}],"cache_read_input_tokens":"7","cache_creation_input_tokens":{"a":[1]},
            "cache_creation":false,"input_tokens_details":"none","prompt_cache_hit_tokens":[3],"cost":1.5}"#,
    );
    assert_eq!(usage, Usage::of_text(10, 0));
}

#[test]
fn absurdly_large_numbers_are_bounded() {
    let usage =
        read(r#"{"prompt_tokens":18446744073709551615,"completion_tokens":1e300,"total_tokens":99999999999999}"#);
    assert_eq!(
        (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens),
        (TOKENS_MAX, TOKENS_MAX, TOKENS_MAX)
    );
}

#[test]
fn nothing_reported_is_not_zero() {
    for json in [
        "null",
        "{}",
        "[1,2,3]",
        "7",
        "",
        "  ",
        r#"{"prompt_tokens":null}"#,
        r#"{"cost":0.1}"#,
        "{\"prompt_",
    ] {
        assert_eq!(Usage::from_json(json.as_bytes()), None, "{json}");
    }
    assert_eq!(read(r#" {"prompt_tokens":0,"completion_tokens":0}"#), Usage::default());
}

#[test]
fn usages_of_two_attempts_add_up() {
    let first = read(r#"{"prompt_tokens":10,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":4}}"#);
    let mut sum = first + Usage::of_text(5, 7);
    assert_eq!(
        (sum.prompt_tokens, sum.completion_tokens, sum.total_tokens),
        (15, 9, 24)
    );
    assert_eq!(
        sum.input,
        InputTokens {
            text: 11,
            cached: 4,
            ..InputTokens::default()
        }
    );
    assert_eq!(
        sum.output,
        OutputTokens {
            text: 9,
            ..OutputTokens::default()
        }
    );

    sum += Usage {
        prompt_tokens: u64::MAX,
        ..Usage::default()
    };
    assert_eq!(sum.prompt_tokens, u64::MAX);
}

#[test]
fn a_usage_is_recorded_with_its_kinds() {
    let usage = read(r#"{"prompt_tokens":10,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":4}}"#);
    let expected = serde_json::json!({
        "prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12,
        "input": {"text": 6, "cached": 4, "cache_write_5m": 0, "cache_write_1h": 0, "audio": 0, "image": 0},
        "output": {"text": 2, "reasoning": 0, "audio": 0, "image": 0},
    });
    assert_eq!(serde_json::to_value(usage).unwrap(), expected);
}

#[test]
fn searches_and_the_place_are_read_wherever_they_stand() {
    let read = |details: &str| {
        let json = format!(r#"{{"prompt_tokens":1,"completion_tokens":1,{details}}}"#);
        let usage = Usage::from_json(json.as_bytes()).unwrap();
        (usage.searches, usage.is_of_us)
    };
    assert_eq!(read(r#""server_tool_use":{"web_search_requests":3}"#), (3, false));
    assert_eq!(read(r#""prompt_tokens_details":{"web_search_requests":2}"#), (2, false));
    assert_eq!(read(r#""inference_geo":"us""#), (0, true));
    for other in [r#""global""#, "null", "5", "{}", "[]"] {
        assert_eq!(
            read(&format!(r#""inference_geo":{other},"server_tool_use":{other}"#)),
            (0, false),
            "{other}"
        );
    }
}
