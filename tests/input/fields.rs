use std::collections::HashSet;

use resourceful::prelude::*;

use super::{places, post_json, wrong};

#[derive(Deserialize, JsonSchema, Validate)]
#[allow(dead_code)]
struct Article {
    #[garde(length(chars, min = 1, max = 5))]
    title: String,
    #[garde(range(max = 10))]
    views: u8,
    #[garde(dive)]
    author: Author,
    #[garde(skip)]
    kind: Kind,
    #[serde(default)]
    #[garde(length(max = 2), inner(length(max = 3)))]
    tags: Vec<String>,
    #[garde(skip)]
    rating: Option<f64>,
    #[serde(default)]
    #[garde(skip)]
    published: bool,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
struct Author {
    #[garde(length(max = 4))]
    first_name: String,
    #[garde(skip)]
    #[schemars(extend("x-allow-nul" = true))]
    raw_name: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    News,
    Essay,
}

const GOOD: &str = r#"{"title": "a", "views": 1, "author": {"firstName": "b"}, "kind": "news"}"#;

#[tokio::test]
async fn a_good_body_passes() {
    assert_eq!(post_json::<Article>(GOOD).await.status(), 204);
}

#[tokio::test]
async fn missing_fields_and_broken_rules_are_named_together() {
    let body = r#"{"title": "too long", "views": "x", "author": {"firstName": 7},
        "kind": "poem", "tags": ["ok", 5, "long", "x"], "rating": "good", "published": null}"#;
    let response = post_json::<Article>(body).await;
    let expected = [
        "#/author/firstName",
        "#/kind",
        "#/published",
        "#/rating",
        "#/tags",
        "#/tags/1",
        "#/tags/2",
        "#/title",
        "#/views",
    ];
    assert_eq!(places(&response), expected);
}

#[tokio::test]
async fn errors_are_in_terms_of_json() {
    let cases: &[(&str, &str, &str)] = &[
        ("{}", "#/title", "is required"),
        (r#"{"title": null}"#, "#/title", "must be a string"),
        (r#"{"title": ["a"]}"#, "#/title", "must be a string"),
        (r#"{"views": 1.5}"#, "#/views", "must be an integer"),
        (r#"{"views": -1}"#, "#/views", "must be 0 to 10"),
        (r#"{"views": 300}"#, "#/views", "must be 0 to 10"),
        (
            r#"{"kind": "poem"}"#,
            "#/kind",
            "must be \"news\" or \"essay\"",
        ),
        (r#"{"kind": 5}"#, "#/kind", "must be a string"),
        (r#"{"author": "Ada"}"#, "#/author", "must be an object"),
        (r#"{"author": ["Ada"]}"#, "#/author", "must be an object"),
        (r#"{"rating": "x"}"#, "#/rating", "must be a number"),
        (
            r#"{"published": "yes"}"#,
            "#/published",
            "must be a boolean",
        ),
        (r#"{"tags": {}}"#, "#/tags", "must be an array"),
    ];
    for (body, place, detail) in cases {
        let wrong = wrong(&post_json::<Article>(body).await);
        let found = wrong.iter().find(|(found, _)| found == place);
        assert_eq!(
            found.map(|(_, detail)| detail.as_str()),
            Some(*detail),
            "{body}: {wrong:?}"
        );
    }
}

#[tokio::test]
async fn rule_errors_have_the_names_of_the_client() {
    let body = GOOD.replace("\"b\"", "\"too long\"");
    assert_eq!(
        places(&post_json::<Article>(&body).await),
        ["#/author/firstName"]
    );
}

#[tokio::test]
async fn nul_is_refused_unless_the_field_allows_it() {
    let body = r#"{"title": "a\u0000", "views": 1, "author": {"firstName": "b", "rawName": "c\u0000"},
        "kind": "news", "tags": ["d\u0000"]}"#;
    let response = post_json::<Article>(body).await;
    assert_eq!(places(&response), ["#/tags/0", "#/title"]);
    assert!(
        wrong(&response)
            .iter()
            .all(|(_, detail)| detail == "must not contain U+0000")
    );
}

#[tokio::test]
async fn nul_is_refused_in_the_names_of_a_map() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    struct Labels {
        labels: std::collections::BTreeMap<String, String>,
    }

    let body = r#"{"labels": {"a\u0000": "b"}, "other\u0000": 1}"#;
    assert_eq!(places(&post_json::<Labels>(body).await), ["#/labels"]);
}

#[tokio::test]
async fn an_array_is_not_accepted_for_a_struct() {
    let nested = GOOD.replace(r#"{"firstName": "b"}"#, r#"["b", null]"#);
    assert_eq!(places(&post_json::<Article>(&nested).await), ["#/author"]);
    let whole = r#"["a", 1, {"firstName": "b"}, "news", [], null, true]"#;
    assert_eq!(places(&post_json::<Article>(whole).await), ["#"]);
}

#[tokio::test]
async fn absent_is_not_null_in_changes() {
    use crate::fixture::PostChanges;
    assert_eq!(post_json::<PostChanges>("{}").await.status(), 204);
    assert_eq!(
        places(&post_json::<PostChanges>(r#"{"title": null}"#).await),
        ["#/title"]
    );
    assert_eq!(
        places(&post_json::<PostChanges>(r#"{"title": ""}"#).await),
        ["#/title"]
    );
}

#[derive(Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Exact {
    id: i64,
    shape: Shape,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
#[allow(dead_code)]
enum Shape {
    Circle { radius: f64 },
    Square { side: f64 },
}

#[tokio::test]
async fn unknown_members_are_named_if_the_type_forbids_them() {
    let body = r#"{"id": "x", "more": 1, "other": 2, "shape": {"type": "circle", "radius": 1}}"#;
    assert_eq!(
        places(&post_json::<Exact>(body).await),
        ["#/id", "#/more", "#/other"]
    );
}

#[tokio::test]
async fn errors_inside_a_tagged_enum_have_their_position() {
    let body = r#"{"id": "x", "shape": {"type": "circle", "radius": "wide"}}"#;
    let response = post_json::<Exact>(body).await;
    assert_eq!(places(&response), ["#/id", "#/shape/radius"]);
}

/// The repair ends even if the type accepts no placeholder.
#[tokio::test]
async fn a_type_that_accepts_no_placeholder_still_gets_a_response() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    struct Picky {
        #[serde(deserialize_with = "only_magic")]
        word: String,
        count: u8,
    }

    fn only_magic<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        let word = String::deserialize(deserializer)?;
        if word == "magic" {
            Ok(word)
        } else {
            Err(serde::de::Error::custom("is not the magic word"))
        }
    }

    let response = post_json::<Picky>(r#"{"word": "other", "count": 1}"#).await;
    assert_eq!(
        wrong(&response),
        [("#/word".to_owned(), "is not the magic word".to_owned())]
    );
}

#[tokio::test]
async fn a_body_full_of_errors_gets_the_first_hundred() {
    let body = GOOD
        .replace('}', "")
        .replace("{\"firstName\": \"b\"", "{\"firstName\": \"b\"}")
        + &format!(", \"tags\": [{}]}}", vec!["1"; 20_000].join(","));
    let response = post_json::<Article>(&body).await;
    assert_eq!(wrong(&response).len(), 100);
}

/// The number of errors and the size of the response do not grow with the body.
#[tokio::test]
async fn a_body_full_of_broken_rules_gets_the_first_hundred() {
    let tags = vec!["\"long\""; 100_000].join(",");
    let body = GOOD.replace("\"news\"}", &format!("\"news\", \"tags\": [{tags}]}}"));
    let response = post_json::<Article>(&body).await;
    assert_eq!(wrong(&response).len(), 100);
}

#[tokio::test]
async fn a_placeholder_causes_no_error() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    struct Outer {
        inner: Inner,
    }

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Inner {
        #[serde(deserialize_with = "never")]
        word: String,
    }

    fn never<'de, D: serde::Deserializer<'de>>(_: D) -> Result<String, D::Error> {
        Err(serde::de::Error::custom("is never right"))
    }

    let response = post_json::<Outer>(r#"{"inner": 5}"#).await;
    assert_eq!(
        wrong(&response),
        [("#/inner".to_owned(), "must be an object".to_owned())]
    );
}

/// Names of Rust types are internal.
#[tokio::test]
async fn errors_have_no_names_of_rust_types() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    struct SecretOuter {
        shape: Shape,
        either: SecretEither,
        pair: (u8, u8),
        map: std::collections::BTreeMap<String, u8>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(untagged)]
    #[allow(dead_code)]
    enum SecretEither {
        Number(i64),
        Pair { left: i64, right: i64 },
    }

    for body in [
        r#"{"shape": 1, "either": "x", "pair": [1], "map": []}"#,
        r#"{"shape": {"type": "star"}, "either": {}, "pair": "x", "map": {"a": "b"}}"#,
        r#"{"shape": {}, "either": null, "pair": [1, 2, 3], "map": null}"#,
        "5",
    ] {
        let text = post_json::<SecretOuter>(body).await.text().to_owned();
        for inside in [
            "Secret", "struct", "enum", "Shape", "u8", "untagged", "tuple",
        ] {
            assert!(!text.contains(inside), "{inside} in {text}");
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
struct Line {
    title: String,
}

/// Two variants may have the same member with different types.
#[tokio::test]
async fn a_value_of_one_variant_is_not_refused_by_another() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    #[serde(tag = "type", content = "data")]
    #[allow(dead_code)]
    enum Event {
        Created(Line),
        Tagged(Vec<String>),
    }

    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    #[serde(tag = "kind")]
    #[allow(dead_code)]
    enum Holder {
        Group { items: Line },
        List { items: Vec<Line> },
    }

    for body in [
        r#"{"type": "Tagged", "data": ["a"]}"#,
        r#"{"type": "Created", "data": {"title": "a"}}"#,
    ] {
        assert_eq!(post_json::<Event>(body).await.status(), 204, "{body}");
    }
    let list = r#"{"kind": "List", "items": [{"title": "x"}]}"#;
    assert_eq!(post_json::<Holder>(list).await.status(), 204);
    let wrong_list = r#"{"kind": "List", "items": [{"title": "x\u0000"}]}"#;
    assert_eq!(
        places(&post_json::<Holder>(wrong_list).await),
        ["#/items/0/title"]
    );
}

#[tokio::test]
async fn an_array_is_not_accepted_for_a_struct_in_a_recursive_type() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    struct Node {
        id: i64,
        children: Vec<Node>,
    }

    let good = r#"{"id": 1, "children": [{"id": 2, "children": []}]}"#;
    assert_eq!(post_json::<Node>(good).await.status(), 204);
    let bad = r#"{"id": 1, "children": [[2, []]]}"#;
    assert_eq!(places(&post_json::<Node>(bad).await), ["#/children/0"]);
}

#[tokio::test]
async fn nul_is_refused_in_values_of_any_shape() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    struct Document {
        meta: serde_json::Value,
        extra: std::collections::BTreeMap<String, serde_json::Value>,
        #[schemars(extend("x-allow-nul" = true))]
        raw: Vec<String>,
    }

    let body = r#"{"meta": {"a": ["x\u0000"]}, "extra": {"b": "\u0000"}, "raw": ["\u0000"]}"#;
    assert_eq!(
        places(&post_json::<Document>(body).await),
        ["#/extra/b", "#/meta/a/0"]
    );
}

/// A number that fits only a 128-bit type is not lost.
#[tokio::test]
async fn large_integers_pass_beside_arrays() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    struct Order {
        amount: u128,
        lines: Vec<Line>,
    }

    let body = r#"{"amount": 18446744073709551616, "lines": [{"title": "a"}]}"#;
    assert_eq!(post_json::<Order>(body).await.status(), 204);
}

#[tokio::test]
async fn an_error_inside_a_flattened_struct_has_its_position() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    struct Outer {
        id: i64,
        #[serde(flatten)]
        line: Line,
    }

    let faults = wrong(&post_json::<Outer>(r#"{"id": 1, "title": 5}"#).await);
    assert_eq!(
        faults,
        [("#/title".to_owned(), "must be a string".to_owned())]
    );
}

#[derive(Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
#[expect(dead_code, reason = "only read from JSON")]
struct Measure {
    #[garde(range(min = 1))]
    count: i64,
    #[serde(default)]
    weights: Vec<f32>,
    #[serde(default)]
    tags: Option<HashSet<String>>,
}

#[tokio::test]
async fn an_integer_may_be_written_as_a_fraction() {
    for count in ["1.0", "1e3", "12.50e1", "9007199254740993.0"] {
        let body = format!(r#"{{"count": {count}, "weights": [1.0, 1]}}"#);
        assert_eq!(post_json::<Measure>(&body).await.status(), 204, "{count}");
    }
    let response = post_json::<Measure>(r#"{"count": 1.0, "tags": ["a\u0000"]}"#).await;
    assert_eq!(places(&response), ["#/tags/0"]);
    for (body, detail) in [
        (r#"{"count": 1.5}"#, "must be an integer"),
        (r#"{"count": 1e300}"#, "must be 1 to 9223372036854775807"),
        (r#"{"count": 1e19}"#, "must be 1 to 9223372036854775807"),
        (r#"{"count": 0.0}"#, "lower than 1"),
        (r#"{"count": 1.0, "count": 2}"#, "is given more than once"),
    ] {
        let wrong = wrong(&post_json::<Measure>(body).await);
        let [(place, found)] = &wrong[..] else {
            panic!("{body}: {wrong:?}");
        };
        assert_eq!(place, "#/count");
        assert!(found.contains(detail), "{body}: {found}");
    }
    // The position of a syntax error is that in the original body.
    let problem = post_json::<Measure>(r#"{"count": 1.000, x}"#).await;
    assert!(
        problem.text().contains("line 1, column 18"),
        "{}",
        problem.text()
    );
}

/// serde drops duplicates of a set and reads numbers that overflow as infinity.
#[tokio::test]
async fn values_that_only_serde_accepts_are_refused() {
    let body = r#"{"count": 1, "weights": [3.4e38, -3.5e38], "tags": ["a", "b", "a"]}"#;
    let response = post_json::<Measure>(body).await;
    assert_eq!(places(&response), ["#/tags", "#/weights/1"]);
    for good in [
        r#"{"count": 1, "tags": ["a", "b"]}"#,
        r#"{"count": 1, "tags": null, "weights": [1, 1]}"#,
        r#"{"count": 1, "weights": [3.4028234663852886e38]}"#,
    ] {
        assert_eq!(post_json::<Measure>(good).await.status(), 204, "{good}");
    }
}

/// RFC 8259 does not define which duplicate counts; a map would keep the last one.
#[tokio::test]
async fn duplicate_keys_of_a_map_are_refused() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    struct Tagged {
        labels: std::collections::BTreeMap<String, i64>,
        #[serde(default)]
        any: serde_json::Value,
        #[serde(flatten)]
        rest: std::collections::HashMap<String, serde_json::Value>,
    }

    for (body, place) in [
        (r#"{"labels": {"a": 1, "a": 2}}"#, "#/labels/a"),
        (r#"{"labels": {"a": 1, "\u0061": 2}}"#, "#/labels/a"),
        (
            r#"{"labels": {}, "any": {"b": [{"c": 1, "c": 1}]}}"#,
            "#/any/b/0/c",
        ),
        (r#"{"labels": {}, "x": 1, "x": 2}"#, "#/x"),
        (r#"{"labels": {}, "labels": {}}"#, "#/labels"),
    ] {
        let found = wrong(&post_json::<Tagged>(body).await);
        let expected = [(place.to_owned(), "is given more than once".to_owned())];
        assert_eq!(found, expected, "{body}");
    }
    let good = r#"{"labels": {"a": 1, "b": 1}, "any": {"a": 1}, "x": {"a": 1}}"#;
    assert_eq!(post_json::<Tagged>(good).await.status(), 204);
}

#[tokio::test]
async fn errors_of_numbers_out_of_range_have_the_range() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    struct Numbers {
        i: Option<i64>,
        u: Option<u64>,
        small: Option<i8>,
        #[garde(range(min = 1, max = 10))]
        few: Option<u64>,
        big: Option<u128>,
    }

    for good in [
        r#"{"i": -0}"#,
        r#"{"i": -0.0, "u": -0}"#,
        r#"{"big": 340282366920938463463374607431768211455}"#,
    ] {
        assert_eq!(post_json::<Numbers>(good).await.status(), 204, "{good}");
    }
    let digits = "1".repeat(60);
    for (name, number, detail) in [
        (
            "u",
            "18446744073709551616",
            "must be 0 to 18446744073709551615",
        ),
        ("u", "-1", "must be 0 to 18446744073709551615"),
        ("u", &digits, "must be 0 to 18446744073709551615"),
        (
            "i",
            "9223372036854775808",
            "must be -9223372036854775808 to 9223372036854775807",
        ),
        (
            "i",
            "1e30",
            "must be -9223372036854775808 to 9223372036854775807",
        ),
        ("i", "0.5", "must be an integer"),
        ("small", "128", "must be -128 to 127"),
        ("few", "18446744073709551616", "must be 1 to 10"),
        (
            "big",
            "-1",
            "must be 0 to 340282366920938463463374607431768211455",
        ),
    ] {
        let body = format!(r#"{{"{name}": {number}}}"#);
        let expected = [(format!("#/{name}"), detail.to_owned())];
        assert_eq!(
            wrong(&post_json::<Numbers>(&body).await),
            expected,
            "{body}"
        );
    }
}

/// Even if no placeholder is found: then the limits of the schema apply.
#[tokio::test]
async fn a_field_with_its_own_parser_hides_no_other_error() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    struct Item {
        #[serde(deserialize_with = "passphrase")]
        price: String,
        #[garde(length(min = 2))]
        name: String,
        #[garde(range(min = 1))]
        qty: i64,
    }

    fn passphrase<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "open sesame" => Ok(text),
            _ => Err(serde::de::Error::custom("is not the passphrase")),
        }
    }

    for body in ["{}", r#"{"price": "x", "name": "a", "qty": 0}"#] {
        let found = places(&post_json::<Item>(body).await);
        assert_eq!(found, ["#/name", "#/price", "#/qty"], "{body}");
    }
}

/// A type may accept more than its schema, and members may have aliases.
#[tokio::test]
async fn values_beyond_the_schema_that_a_type_accepts_are_valid() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    struct Lenient {
        #[serde(deserialize_with = "text_or_number")]
        id: i64,
        #[serde(alias = "heading")]
        title: String,
        count: u8,
    }

    fn text_or_number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let number = value.as_i64().or_else(|| value.as_str()?.parse().ok());
        number.ok_or_else(|| serde::de::Error::custom("is no number"))
    }

    let good = r#"{"id": "7", "heading": "a", "count": 1}"#;
    assert_eq!(post_json::<Lenient>(good).await.status(), 204);
    let bad = r#"{"id": "7", "heading": "a", "count": "x"}"#;
    assert_eq!(places(&post_json::<Lenient>(bad).await), ["#/count"]);
}

/// garde has only the names of Rust fields.
#[tokio::test]
async fn renamed_fields_have_the_name_of_the_client() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[allow(dead_code)]
    struct Part {
        #[garde(range(max = 12))]
        month: u8,
    }

    #[derive(Deserialize, JsonSchema, Validate)]
    #[allow(dead_code)]
    struct Whole {
        #[garde(dive)]
        #[serde(rename = "type")]
        kind: Part,
        #[garde(range(max = 12))]
        month: u8,
        #[garde(length(max = 2))]
        #[serde(rename = "short-name")]
        label: String,
        #[garde(dive)]
        #[serde(rename = "list")]
        items: Vec<Part>,
    }

    let body = |kind: u8, month: u8, label: &str, item: u8| {
        serde_json::json!({
            "type": {"month": kind}, "month": month, "short-name": label, "list": [{"month": 1}, {"month": item}],
        })
    };
    for (body, expected) in [
        (body(13, 3, "a", 1), vec!["#/type/month"]),
        (body(3, 13, "a", 1), vec!["#/month"]),
        (body(3, 3, "abc", 1), vec!["#/short-name"]),
        (body(3, 3, "a", 13), vec!["#/list/1/month"]),
        (
            body(13, 13, "abc", 13),
            vec!["#/list/1/month", "#/month", "#/short-name", "#/type/month"],
        ),
    ] {
        let mut found = places(&post_json::<Whole>(&body.to_string()).await);
        found.dedup();
        if expected.len() == 1 {
            assert_eq!(found, expected, "{body}");
        }
        // If several members are possible, the pointer leads to their parent.
        assert!(
            found
                .iter()
                .all(|place| expected.contains(&place.as_str()) || place == "#"),
            "{body}: {found:?}"
        );
    }
}

#[tokio::test]
async fn errors_in_the_content_of_a_variant_have_their_position() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[serde(tag = "t", content = "c")]
    #[allow(dead_code)]
    enum Adjacent {
        B(#[garde(length(chars, min = 1))] String),
        N(#[garde(range(min = 1))] u8),
    }

    #[derive(Deserialize, JsonSchema, Validate)]
    #[allow(dead_code)]
    enum External {
        B(#[garde(length(chars, min = 1))] String),
    }

    for (body, expected) in [
        (r#"{"t": "B", "c": 1}"#, "#/c"),
        (r#"{"t": "B", "c": ""}"#, "#/c"),
        (r#"{"t": "N", "c": 0}"#, "#/c"),
        (r#"{"t": "N"}"#, "#/c"),
    ] {
        assert_eq!(
            places(&post_json::<Adjacent>(body).await),
            [expected],
            "{body}"
        );
    }
    for body in [r#"{"B": ""}"#, r#"{"B": 1}"#] {
        assert_eq!(
            places(&post_json::<External>(body).await),
            ["#/B"],
            "{body}"
        );
    }
}

/// schemars writes such maps by patterns of their keys.
#[tokio::test]
async fn maps_may_have_numeric_keys() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[allow(dead_code)]
    struct Item {
        #[garde(skip)]
        rating: f32,
        #[garde(length(min = 1))]
        name: String,
    }

    #[derive(Deserialize, JsonSchema, Validate)]
    #[allow(dead_code)]
    struct Items {
        #[garde(dive)]
        items: std::collections::BTreeMap<usize, Item>,
    }

    let good = r#"{"items": {"1": {"rating": 1, "name": "a"}, "2": {"rating": 1, "name": "a"}}}"#;
    assert_eq!(post_json::<Items>(good).await.status(), 204);
    for (items, expected) in [
        (
            r#""1": {"rating": 1, "name": "a"}, "1": {"rating": 1, "name": "a"}"#,
            vec!["#/items/1"],
        ),
        (r#""1": [1.0, "x"]"#, vec!["#/items/1"]),
        (
            r#""1": {"rating": 1e39, "name": "a\u0000"}"#,
            vec!["#/items/1/name", "#/items/1/rating"],
        ),
        (
            r#""1": {"rating": "x", "name": 1}, "2": {"rating": "y", "name": "a"}"#,
            vec!["#/items/1/name", "#/items/1/rating", "#/items/2/rating"],
        ),
        (
            r#""1": {"rating": 1, "name": ""}, "2": {"rating": 1, "name": ""}"#,
            vec!["#/items/1/name", "#/items/2/name"],
        ),
    ] {
        let body = format!(r#"{{"items": {{{items}}}}}"#);
        assert_eq!(places(&post_json::<Items>(&body).await), expected, "{body}");
    }
}

/// Without a tag, the variant of a member is unknown.
#[tokio::test]
async fn members_beside_a_missing_tag_are_no_errors() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[serde(deny_unknown_fields)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    struct Strict {
        y: i64,
    }

    #[derive(Deserialize, JsonSchema, Validate)]
    #[serde(tag = "kind")]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    enum Kind {
        A(Strict),
        B { x: i64 },
    }

    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    struct Outer {
        id: i64,
        #[serde(flatten)]
        kind: Kind,
    }

    let untagged = r#"{"id": 1, "x": 2, "zz": 3}"#;
    assert_eq!(places(&post_json::<Outer>(untagged).await), ["#/kind"]);
    let good = r#"{"id": 1, "kind": "B", "x": 2}"#;
    assert_eq!(post_json::<Outer>(good).await.status(), 204);
}
