//! Compares every output byte and every failure with those of `serde_json`.

#![expect(
    clippy::cast_possible_truncation,
    clippy::option_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "unusual values are the subject"
)]

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::Serialize;
use serde::ser::{Error as _, SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::to_bytes;

#[track_caller]
fn assert_same(value: &impl Serialize) {
    let actual = to_bytes(value).map(|bytes| String::from_utf8(bytes.into()).unwrap());
    match serde_json::to_string(value) {
        Ok(expected) => assert_eq!(actual.unwrap(), expected),
        Err(expected) => assert!(actual.is_err(), "{actual:?} is not {expected}"),
    }
}

/// A map with keys of any type.
struct Keyed<K>(K);

impl<K: Serialize> Serialize for Keyed<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(&self.0, &1)?;
        map.serialize_entry(&self.0, "two")?;
        map.end()
    }
}

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

struct Fails;

impl Serialize for Fails {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("it has no JSON"))
    }
}

#[derive(Serialize)]
struct Unit;

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct New(i32);

#[derive(Serialize)]
struct Two(i32, &'static str);

#[derive(Serialize)]
enum External {
    Unit,
    #[serde(rename = "b\"é\n")]
    Odd,
    New(i32),
    Tuple(i32, i32),
    Struct {
        x: i32,
        #[serde(rename = "a very long name, longer than what is merged")]
        y: Option<i32>,
    },
    Empty {},
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Internal {
    UnitOne,
    SomeStruct { a: u8 },
    New(Floats),
}

#[derive(Serialize)]
#[serde(tag = "type", content = "value")]
enum Adjacent {
    Unit,
    New(i32),
    Tuple(i32, i32),
    Struct { a: u8 },
}

#[derive(Serialize)]
#[serde(untagged)]
enum Untagged {
    New(i32),
    Struct { x: &'static str },
    Unit,
}

#[derive(Serialize)]
struct Floats {
    double: f64,
    single: f32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attributes<'a> {
    first_field: i8,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<u8>,
    #[serde(rename = "quo\"te\\ \u{1} key")]
    odd: &'a str,
    #[serde(flatten)]
    floats: Floats,
    #[serde(flatten)]
    more: BTreeMap<String, serde_json::Value>,
    #[serde(serialize_with = "hexadecimal")]
    with: u32,
    raw: &'a RawValue,
    option: Option<Option<External>>,
    tuple: (u8, &'a str, [u8; 3], ()),
    #[serde(rename = "")]
    nameless: bool,
}

fn hexadecimal<S: Serializer>(value: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("0x{value:x}\"\n{}", "ü"))
}

#[test]
fn structs_and_enums() {
    assert_same(&(Unit, Empty {}, New(-3), Two(1, "x\0y")));
    assert_same(&(External::Unit, External::Odd, External::New(1)));
    assert_same(&(External::Tuple(1, 2), External::Empty {}));
    assert_same(&[None, Some(2)].map(|y| External::Struct { x: 1, y }));
    let (double, single) = (1.0, 0.1);
    assert_same(&(
        Internal::UnitOne,
        Internal::SomeStruct { a: 1 },
        Internal::New(Floats { double, single }),
    ));
    assert_same(&(Adjacent::Unit, Adjacent::New(1), Adjacent::Tuple(1, 2)));
    assert_same(&Adjacent::Struct { a: 1 });
    assert_same(&(
        Untagged::New(1),
        Untagged::Struct { x: "</a>" },
        Untagged::Unit,
    ));
    let raw = to_raw_value(&[1.50, 2.0]).unwrap();
    assert_same(&Attributes {
        first_field: -1,
        left_out: None,
        odd: "\u{7f}",
        floats: Floats { double, single },
        more: BTreeMap::from([("x\n".to_owned(), serde_json::json!([1, null]))]),
        with: 255,
        raw: &raw,
        option: Some(None),
        tuple: (1, "t", [1, 2, 3], ()),
        nameless: true,
    });
}

#[test]
fn numbers() {
    assert_same(&(i8::MIN, i16::MIN, i32::MIN, i64::MIN, i128::MIN));
    assert_same(&(u8::MAX, u16::MAX, u32::MAX, u64::MAX, u128::MAX));
    assert_same(&[0.0, -0.0, 0.1, 1e15, 1e16, 1e21, 1e-7, 5e-324, f64::MAX]);
    assert_same(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
    assert_same(&[0.1, 16_777_216.0, f32::MAX, f32::NAN]);
}

#[test]
fn containers() {
    assert_same(&(Vec::<i32>::new(), [1], [vec![], vec![1, 2]], [(); 2]));
    assert_same(&(BTreeMap::<u8, u8>::new(), Some(None::<u8>), Bytes(b"a\xff")));
    assert_same(&serde_json::json!({"a": [1, 2.5, null, true, "\u{8}\u{c}\r\t"], "b": {"": {}}}));
    assert_same(&(
        std::net::Ipv6Addr::LOCALHOST,
        std::time::Duration::from_millis(1500),
    ));
    assert_same(&to_raw_value(&serde_json::json!({"a": 1})).unwrap());
    assert_same(&(1, Fails));
}

#[test]
fn keys() {
    assert_same(&(Keyed("a\"b"), Keyed(-5), Keyed(u128::MAX), Keyed('q')));
    assert_same(&(Keyed(true), Keyed(1.5), Keyed(0.1_f32), Keyed(Some("x"))));
    assert_same(&(Keyed(New(3)), Keyed(External::Odd), Keyed("")));
    assert_same(&Keyed(f64::NAN));
    assert_same(&Keyed(None::<u8>));
    assert_same(&Keyed(()));
    assert_same(&Keyed(Unit));
    assert_same(&Keyed([1]));
    assert_same(&Keyed(Empty {}));
    assert_same(&Keyed(External::New(1)));
    assert_same(&Keyed(Bytes(b"x")));
    assert_same(&Keyed(Fails));
}

/// Each special character at each position of strings of each length with its own code path.
#[test]
fn strings() {
    let ascii = (0..=0x7F).map(char::from);
    let odd = ascii.chain("\u{80}éĢ\u{2028}\u{ffff}\u{10ffff}".chars());
    for odd in odd {
        for length in 0..=26_usize {
            for place in 0..=length {
                let (before, after) = ("~".repeat(place), "a".repeat(length - place));
                let text = format!("{before}{odd}{after}");
                assert_same(&text);
                assert_same(&format!("{text}{odd}"));
                assert_same(&Keyed(text));
            }
        }
    }
}

/// Random bits from a fixed seed.
#[test]
fn anything() {
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let mut bits = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for _ in 0..10_000 {
        let text: String = (0..bits() % 80)
            .map(|_| match bits() {
                odd if odd % 8 == 0 => char::from_u32((odd >> 8) as u32 % 0xD800).unwrap(),
                plain => char::from((plain >> 8) as u8 & 0x7F),
            })
            .collect();
        assert_same(&text);
        let (any, shift) = (bits(), bits() % 64);
        assert_same(&(
            any >> shift,
            any.cast_signed() >> shift,
            u128::from(any) << shift,
        ));
        assert_same(&(f64::from_bits(any), f32::from_bits(any as u32)));
    }
}

#[test]
fn an_error_names_its_reason() {
    let text = |value: &dyn Debug| format!("{value:?}");
    let error = to_bytes(&Keyed(())).unwrap_err();
    assert!(text(&error).contains("key must be a string"), "{error:?}");
}
