//! The work on a body is proportional to its size, whatever its type. The tests count reads of a leaf.

use std::cell::Cell;

use resourceful::prelude::*;

thread_local! {
    static READ: Cell<usize> = const { Cell::new(0) };
}

fn counted<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    READ.set(READ.get() + 1);
    i64::deserialize(deserializer)
}

/// The number of reads of a leaf, and the status.
fn reads<T: resourceful::Input>(body: &str) -> (usize, u16) {
    READ.set(0);
    let result = resourceful::from_json::<T>(body.as_bytes());
    let status = result.err().map_or(200, |error| error.status().as_u16());
    (READ.get(), status)
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "op")]
#[garde(allow_unvalidated)]
#[allow(dead_code)]
enum Filter {
    And {
        left: Box<Filter>,
        right: Box<Filter>,
    },
    Or {
        left: Box<Filter>,
        right: Box<Filter>,
    },
    Eq {
        #[serde(deserialize_with = "counted")]
        value: i64,
    },
}

fn nested(depth: usize, right: &str, more: &str) -> String {
    let leaf = r#"{"op":"Eq","value":1}"#.to_owned();
    (0..depth).fold(leaf, |left, _| {
        format!(r#"{{"op":"And","left":{left},"right":{right}{more}}}"#)
    })
}

#[test]
fn reads_of_a_recursive_tagged_enum_are_bounded_at_any_depth() {
    for depth in [1, 5, 20, 40, 60] {
        let (reads, status) = reads::<Filter>(&nested(depth, "1", ""));
        assert_eq!(status, 422);
        assert!(reads <= 64 * (depth + 1), "{reads} at {depth}");
    }
}

#[test]
fn an_ignored_array_does_not_matter() {
    for depth in [1, 20, 60] {
        let leaf = r#"{"op":"Eq","value":1}"#;
        let (reads, status) = reads::<Filter>(&nested(depth, leaf, r#","x":[]"#));
        assert_eq!((reads, status), (depth + 1, 200));
    }
}

#[test]
fn errors_of_a_deep_body_are_named() {
    let error = resourceful::from_json::<Filter>(nested(60, "1", "").as_bytes());
    assert_eq!(error.err().unwrap().fields().len(), 60);
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
#[garde(allow_unvalidated)]
#[allow(dead_code)]
enum Either {
    Left { next: Box<Either>, left: i64 },
    Right { next: Box<Either>, right: i64 },
    End(#[serde(deserialize_with = "counted")] i64),
}

/// serde tries the variants one after the other, each with everything inside. So the nesting limit of such
/// types decreases with the size of the body.
#[test]
fn reads_of_an_untagged_enum_are_bounded() {
    for depth in 1..63 {
        let body = (0..depth).fold("1".to_owned(), |next, _| {
            format!(r#"{{"next":{next},"right":1}}"#)
        });
        let (count, status) = reads::<Either>(&body);
        assert!(count <= 1 << 15, "{count} at {depth}");
        assert_eq!(status == 200, count > 0, "{depth}");
        let wrong = body.replace("right", "wrong");
        assert!(reads::<Either>(&wrong).0 <= 1 << 16, "{depth}");
        if depth <= 8 {
            assert_eq!(status, 200);
        }
    }
}

#[test]
fn a_plain_recursive_type_may_nest_64_levels_in_any_size() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    struct Comment {
        text: String,
        #[serde(default)]
        replies: Vec<Comment>,
    }

    let text = "a".repeat(100_000);
    let body = (0..31).fold(format!(r#"{{"text":"{text}"}}"#), |reply, _| {
        format!(r#"{{"text":"","replies":[{reply}]}}"#)
    });
    assert_eq!(reads::<Comment>(&body).1, 200);
}

/// The items of a bulk share the budget of their body.
#[test]
fn a_bulk_of_invalid_items_is_read_a_few_times() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    struct Item {
        #[serde(deserialize_with = "refused")]
        price: String,
    }

    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    struct Items {
        items: resourceful::Bulk<Item, 100_000>,
    }

    fn refused<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        READ.set(READ.get() + 1);
        String::deserialize(deserializer)?;
        Err(serde::de::Error::custom("is never right"))
    }

    let count = 50_000;
    let items = vec![r#"{"price":"x"}"#; count].join(",");
    let body = format!(r#"{{"items":[{items}]}}"#);
    let (reads, status) = reads::<Items>(&body);
    assert_eq!(status, 200);
    assert!(reads <= 3 * count, "{reads}");
    let items: Items = resourceful::from_json(body.as_bytes()).ok().unwrap();
    let wrong = items.items.into_iter().filter(|item| {
        let error = item.value.as_ref().err().unwrap();
        error.fields()[0].location() == "/price"
    });
    assert_eq!(wrong.count(), count);
}

/// serde has lost the position of the date. Among so many leaves it is not searched.
#[test]
fn an_error_among_many_leaves_costs_few_reads() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[serde(tag = "type")]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    enum Event {
        Measured {
            #[serde(deserialize_with = "counted")]
            value: i64,
            #[serde(deserialize_with = "never")]
            at: String,
            values: Vec<i64>,
        },
    }

    fn never<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        String::deserialize(deserializer)?;
        Err(serde::de::Error::custom("is never right"))
    }

    for count in [1, 100, 100_000] {
        let values = vec!["0"; count].join(",");
        let body = format!(r#"{{"type":"Measured","value":1,"at":"x","values":[{values}]}}"#);
        let (reads, status) = reads::<Event>(&body);
        assert_eq!(status, 422);
        assert!(reads <= 64, "{reads} with {count}");
    }
}

/// Brackets inside strings do not count as depth, and no product overflows.
#[test]
fn brackets_in_a_string_do_not_nest() {
    let brackets = "[{".repeat(60);
    let body = format!(r#"{{"next":1,"right":"x","more":"{brackets}"}}"#);
    assert_eq!(reads::<Either>(&body).1, 422);
    let body = format!(r#"{{"next":1,"right":1,"more":"{brackets}"}}"#);
    assert_eq!(reads::<Either>(&body).1, 200);
}

/// The ways in which variants of an untagged enum may contain it; none takes exponential time.
#[test]
fn reads_of_every_untagged_enum_are_bounded() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[serde(untagged)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    enum Tuples {
        A(u8, Box<Tuples>),
        B(u8, Box<Tuples>, u8),
        End(#[serde(deserialize_with = "counted")] i64),
    }

    #[derive(Deserialize, JsonSchema, Validate)]
    #[serde(untagged, deny_unknown_fields)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    enum Denying {
        A {
            n: Box<Denying>,
        },
        B {
            n: Box<Denying>,
            #[serde(default)]
            o: u8,
        },
        End(#[serde(deserialize_with = "counted")] i64),
    }

    #[derive(Deserialize, JsonSchema, Validate)]
    #[serde(untagged)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    enum Aliased {
        A {
            #[serde(alias = "b")]
            a: Box<Aliased>,
            x: u8,
        },
        B {
            b: Box<Aliased>,
        },
        End(#[serde(deserialize_with = "counted")] i64),
    }

    #[derive(Deserialize, JsonSchema, Validate)]
    #[serde(untagged)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    enum Tree {
        Leaf(#[serde(deserialize_with = "counted")] i64),
        Branch(Vec<Tree>),
    }

    let nest = |depth: usize, around: fn(&str) -> String| {
        (0..depth).fold("1".to_owned(), |inner, _| around(&inner))
    };
    for depth in [1, 4, 12, 20, 40, 60] {
        for (count, bound) in [
            (
                reads::<Tuples>(&nest(depth, |inner| format!("[0,{inner}]"))).0,
                1 << 18,
            ),
            (
                reads::<Denying>(&nest(depth, |inner| format!(r#"{{"n":{inner}}}"#))).0,
                1 << 18,
            ),
            (
                reads::<Aliased>(&nest(depth, |inner| format!(r#"{{"b":{inner}}}"#))).0,
                1 << 18,
            ),
            (
                reads::<Tree>(&nest(depth, |inner| format!("[{inner}]"))).0,
                1 << 10,
            ),
        ] {
            assert!(count <= bound, "{count} at {depth}");
        }
    }
}
