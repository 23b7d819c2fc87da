//! Every kind of type in serde, broken in every way: the errors are exactly at the broken places.

use std::collections::{BTreeMap, HashMap};

use resourceful::prelude::*;
use serde_json::{Value, json};

use super::Random;

/// A type with its own parser.
#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(try_from = "String")]
struct Money(u64);

impl TryFrom<String> for Money {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (euros, cents) = text.split_once('.').ok_or("must be an amount of money")?;
        let digits = format!("{euros}{cents:0<2}");
        let cents = digits.parse().map_err(|_| "must be an amount of money")?;
        Ok(Self(cents))
    }
}

#[derive(Deserialize, JsonSchema, Validate)]
#[garde(transparent)]
#[allow(dead_code)]
struct Title(#[garde(length(chars, min = 2))] String);

#[derive(Deserialize, JsonSchema, Validate)]
#[allow(dead_code)]
struct Author {
    #[garde(length(chars, min = 2))]
    name: String,
    #[garde(skip)]
    fee: Money,
    #[garde(range(min = 18))]
    age: Option<u8>,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
enum External {
    Cash,
    CreditCard {
        #[garde(length(chars, min = 4))]
        number: String,
        #[garde(skip)]
        fee: Money,
    },
    By(#[garde(dive)] Author),
    Pair(#[garde(range(min = 1))] u8, #[garde(dive)] Author),
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[allow(dead_code)]
enum Internal {
    Card {
        #[garde(length(chars, min = 4))]
        number: String,
        #[garde(skip)]
        fee: Money,
    },
    Bank {
        #[garde(length(chars, min = 4))]
        iban: String,
        #[garde(dive)]
        owner: Author,
    },
    By(#[garde(dive)] Author),
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "type", content = "data", rename_all = "lowercase")]
#[allow(dead_code)]
enum Adjacent {
    Card {
        #[garde(length(chars, min = 4))]
        number: String,
    },
    By(#[garde(dive)] Author),
    Sizes(#[garde(range(min = 1))] u8, #[garde(skip)] u8),
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
#[allow(dead_code)]
enum Untagged {
    Circle {
        #[garde(range(min = 1.0))]
        radius: f64,
    },
    Square {
        #[garde(range(min = 1.0))]
        side: f64,
        #[garde(skip)]
        fee: Money,
    },
    Number(#[garde(range(min = 1))] i64),
}

#[derive(Deserialize, JsonSchema, Validate)]
#[allow(dead_code)]
struct Flattened {
    #[garde(length(chars, min = 2))]
    city: String,
    #[garde(skip)]
    rent: Money,
    #[garde(range(min = 1))]
    floor: u8,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[allow(dead_code)]
struct Tree {
    #[garde(range(min = 1))]
    size: u8,
    #[serde(default)]
    #[garde(dive)]
    children: Vec<Tree>,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "op", rename_all = "lowercase")]
#[allow(dead_code)]
enum Filter {
    And {
        #[garde(dive)]
        left: Box<Filter>,
        #[garde(dive)]
        right: Box<Filter>,
    },
    Or {
        #[garde(dive)]
        left: Box<Filter>,
        #[garde(dive)]
        right: Box<Filter>,
    },
    Eq {
        #[garde(length(chars, min = 2))]
        field: String,
        #[garde(skip)]
        price: Money,
    },
}

#[derive(Deserialize, JsonSchema, Validate)]
#[allow(dead_code)]
struct Everything {
    #[garde(dive)]
    title: Title,
    #[garde(range(min = 1))]
    count: u32,
    #[garde(skip)]
    price: Money,
    #[garde(skip)]
    note: Option<String>,
    #[garde(dive)]
    author: Option<Author>,
    #[garde(dive)]
    external: External,
    #[garde(dive)]
    variant: External,
    #[garde(dive)]
    pair: External,
    #[garde(dive)]
    internal: Internal,
    #[garde(dive)]
    bank: Internal,
    #[garde(dive)]
    newtype: Internal,
    #[garde(dive)]
    adjacent: Adjacent,
    #[garde(dive)]
    sizes: Adjacent,
    #[garde(dive)]
    untagged: Untagged,
    #[garde(dive)]
    square: Untagged,
    #[garde(dive)]
    scores: BTreeMap<String, Author>,
    #[garde(skip)]
    numbers: HashMap<String, i32>,
    #[garde(skip)]
    tuple: (u8, Money),
    #[garde(dive)]
    list: Vec<Author>,
    #[garde(dive)]
    tree: Tree,
    #[garde(dive)]
    filter: Filter,
}

/// The same inside a flattened struct, which serde buffers.
#[derive(Deserialize, JsonSchema, Validate)]
#[allow(dead_code)]
struct Outer {
    #[garde(length(chars, min = 2))]
    label: String,
    #[serde(flatten)]
    #[garde(dive)]
    flattened: Flattened,
    #[serde(flatten)]
    #[garde(dive)]
    everything: Everything,
}

fn author() -> Value {
    json!({"name": "Ada", "fee": "1.50", "age": 36})
}

fn everything() -> Value {
    json!({
        "title": "Title",
        "count": 1,
        "price": "9.99",
        "note": null,
        "author": author(),
        "external": {"creditCard": {"number": "1234", "fee": "0.30"}},
        "variant": {"by": author()},
        "pair": {"pair": [1, author()]},
        "internal": {"kind": "card", "number": "1234", "fee": "0.30"},
        "bank": {"kind": "bank", "iban": "DE02", "owner": author()},
        "newtype": {"kind": "by", "name": "Ada", "fee": "1.50"},
        "adjacent": {"type": "by", "data": author()},
        "sizes": {"type": "sizes", "data": [1, 2]},
        "untagged": {"radius": 2.5},
        "square": {"side": 2.5, "fee": "0.10"},
        "scores": {"a/b": author(), "c": author()},
        "numbers": {"x": 1},
        "tuple": [1, "2.00"],
        "list": [author(), author()],
        "tree": {"size": 1, "children": [{"size": 2, "children": [{"size": 3}]}]},
        "filter": {
            "op": "and",
            "left": {"op": "eq", "field": "title", "price": "1.00"},
            "right": {
                "op": "or",
                "left": {"op": "eq", "field": "title", "price": "1.00"},
                "right": {"op": "eq", "field": "city", "price": "1.00"},
            },
        },
    })
}

fn outer() -> Value {
    let mut outer = everything();
    let members = outer.as_object_mut().unwrap();
    members.insert("label".to_owned(), json!("Outer"));
    members.insert("city".to_owned(), json!("Rome"));
    members.insert("rent".to_owned(), json!("800.00"));
    members.insert("floor".to_owned(), json!(3));
    outer
}

/// One broken place of a body.
type Break = (&'static str, Value);

/// A missing member.
fn missing() -> Value {
    json!({"missing": "missing"})
}

/// Everything that can be broken.
fn breaks() -> Vec<Break> {
    let mut breaks = Vec::new();
    // Members of every author: rule, type, own parser, missing.
    for author in [
        "/author",
        "/variant/by",
        "/pair/pair/1",
        "/bank/owner",
        "/newtype",
        "/adjacent/data",
        "/scores/a~1b",
        "/list/1",
    ] {
        for (name, values) in [
            (
                "name",
                vec![json!("A"), json!(5), json!(["Ada"]), json!(null), missing()],
            ),
            ("fee", vec![json!("free"), json!(5), json!({}), missing()]),
            (
                "age",
                vec![json!(17), json!("old"), json!(-1), json!(300), json!(1.5)],
            ),
        ] {
            let pointer: &'static str = format!("{author}/{name}").leak();
            breaks.extend(values.into_iter().map(|value| (pointer, value)));
        }
    }
    for pointer in [
        "/internal/number",
        "/external/creditCard/number",
        "/bank/iban",
        "/title",
        "/filter/right/left/field",
    ] {
        breaks.push((pointer, json!(" ".get(..1))));
        breaks.push((pointer, json!(true)));
        breaks.push((pointer, missing()));
    }
    for pointer in [
        "/internal/fee",
        "/external/creditCard/fee",
        "/price",
        "/filter/left/price",
        "/filter/right/right/price",
    ] {
        breaks.push((pointer, json!("free")));
        breaks.push((pointer, json!([])));
        breaks.push((pointer, missing()));
    }
    breaks.extend(other_breaks());
    breaks
}

fn other_breaks() -> Vec<Break> {
    vec![
        ("/count", json!(0)),
        ("/count", json!("one")),
        ("/count", json!(18_446_744_073_709_551_615_u64)),
        ("/note", json!(7)),
        ("/author", json!("Ada")),
        ("/author", json!(["Ada", "1.50", 36])),
        ("/external", json!("gold")),
        ("/external", json!({"gold": 1})),
        ("/external", json!({})),
        ("/external", json!(5)),
        ("/external", missing()),
        ("/variant/by", json!("Ada")),
        ("/pair/pair", json!([1])),
        ("/pair/pair/0", json!(0)),
        ("/pair/pair/0", json!("x")),
        ("/internal/kind", json!("gold")),
        ("/internal/kind", json!(5)),
        ("/internal/kind", missing()),
        ("/internal", json!("card")),
        ("/bank/kind", json!("gold")),
        ("/bank/owner", json!(5)),
        ("/bank/owner", missing()),
        ("/adjacent/type", json!("gold")),
        ("/adjacent/type", missing()),
        ("/adjacent/data", json!("Ada")),
        ("/adjacent/data", missing()),
        ("/sizes/data/0", json!(0)),
        ("/sizes/data/1", json!("x")),
        ("/sizes/data", json!([1, 2, 3])),
        ("/untagged/radius", json!(0.5)),
        ("/untagged/radius", json!("wide")),
        ("/untagged", json!("round")),
        ("/untagged", json!([])),
        ("/square/side", json!("wide")),
        ("/square/side", json!(0.5)),
        ("/square/fee", json!("free")),
        ("/square/fee", missing()),
        ("/scores", json!([])),
        ("/scores/c", json!(5)),
        ("/numbers/x", json!(4_294_967_296_i64)),
        ("/numbers/x", json!("one")),
        ("/tuple", json!([1])),
        ("/tuple/0", json!(256)),
        ("/tuple/1", json!("free")),
        ("/list", json!({})),
        ("/list/0", json!(null)),
        ("/list/0", json!([])),
        ("/tree/size", json!(0)),
        ("/tree/children/0/size", json!("x")),
        ("/tree/children/0/children/0/size", json!(0)),
        ("/tree/children/0/children/0/size", missing()),
        ("/filter/op", json!("xor")),
        ("/filter/right/op", json!("xor")),
        ("/filter/right/op", missing()),
        ("/filter/right/right", json!(1)),
        ("/filter/right/right", missing()),
    ]
}

fn breaks_of_outer() -> Vec<Break> {
    let mut breaks = breaks();
    breaks.extend([
        ("/label", json!("O")),
        ("/label", missing()),
        ("/city", json!("R")),
        ("/city", json!(5)),
        ("/city", missing()),
        ("/rent", json!("free")),
        ("/floor", json!(0)),
        ("/floor", json!("x")),
    ]);
    breaks
}

/// `None` if the place does not exist any more.
fn break_at(body: &mut Value, (pointer, value): &Break) -> Option<()> {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer has a slash");
    if *value == missing() {
        body.pointer_mut(parent)?.as_object_mut()?.remove(name)?;
    } else if let Some(place) = body.pointer_mut(pointer) {
        *place = value.clone();
    } else {
        // A missing age can be added with a wrong value.
        let members = body.pointer_mut(parent)?.as_object_mut()?;
        members.insert(name.to_owned(), value.clone());
    }
    Some(())
}

fn places<T: resourceful::Input>(body: &Value) -> Vec<String> {
    let Err(error) = resourceful::from_json::<T>(body.to_string().as_bytes()) else {
        return Vec::new();
    };
    let mut places: Vec<String> = error
        .fields()
        .iter()
        .map(|field| field.location().to_owned())
        .collect();
    places.sort();
    places
}

#[test]
fn valid_bodies_are_accepted() {
    assert_eq!(places::<Everything>(&everything()), [""; 0]);
    assert_eq!(places::<Outer>(&outer()), [""; 0]);
}

/// Each break alone.
fn each_is_named<T: resourceful::Input>(good: fn() -> Value, breaks: &[Break]) {
    let wrong = breaks.iter().filter_map(|one| {
        let mut body = good();
        break_at(&mut body, one).expect("every place is there");
        let found = places::<T>(&body);
        (found != [one.0]).then(|| format!("{one:?}: {found:?}"))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(
        wrong.is_empty(),
        "{} of {}\n{}",
        wrong.len(),
        breaks.len(),
        wrong[..wrong.len().min(25)].join("\n")
    );
}

#[test]
fn one_broken_place_is_named() {
    each_is_named::<Everything>(everything, &breaks());
}

#[test]
fn one_broken_place_is_named_around_flattened_structs() {
    each_is_named::<Outer>(outer, &breaks_of_outer());
}

/// Two or three breaks that are not inside each other; all are named.
fn several_are_named<T: resourceful::Input>(good: fn() -> Value, breaks: &[Break], seed: u64) {
    let mut random = Random(seed);
    let mut wrong = Vec::new();
    for _ in 0..400 {
        let mut body = good();
        let mut expected: Vec<&str> = Vec::new();
        for _ in 0..2 + random.below(2) {
            let one = &breaks[random.below(breaks.len())];
            if expected.iter().all(|known| are_apart(known, one.0))
                && break_at(&mut body, one).is_some()
            {
                expected.push(one.0);
            }
        }
        expected.sort_unstable();
        let found = places::<T>(&body);
        if found != expected {
            wrong.push(format!("expected {expected:?}, found {found:?} in {body}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of 400\n{}",
        wrong.len(),
        wrong[..wrong.len().min(6)].join("\n")
    );
}

/// Whether the breaks are independent: neither is inside the other, and no tag is broken together with its
/// content.
fn are_apart(one: &str, other: &str) -> bool {
    let around = |pointer: &str| match pointer.rsplit_once('/') {
        Some((parent, "kind" | "type" | "op")) => parent.to_owned(),
        _ => pointer.to_owned(),
    };
    let is_within =
        |inner: &str, outer: &str| format!("{inner}/").starts_with(&format!("{outer}/"));
    let (outer_one, outer_other) = (around(one), around(other));
    !is_within(one, &outer_other) && !is_within(other, &outer_one)
}

#[test]
fn several_broken_places_are_named() {
    several_are_named::<Everything>(everything, &breaks(), 7);
}

#[test]
fn several_broken_places_are_named_around_flattened_structs() {
    several_are_named::<Outer>(outer, &breaks_of_outer(), 8);
}
