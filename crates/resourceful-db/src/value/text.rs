//! Values as text, for cursors.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chrono::SecondsFormat;
use rusqlite::types::ValueRef;
use sea_orm::sea_query::{ArrayType, OptionEnum, Value};

use crate::value::{as_integer, integer, sqlite};

/// The text of a value that is not null. Columns that may be null have no place in an order.
pub(crate) fn write(value: &Value) -> String {
    if let Some(Some(integer)) = as_integer(value) {
        return integer.to_string();
    }
    match value {
        Value::Bool(Some(value)) => u8::from(*value).to_string(),
        Value::String(Some(value)) => value.clone(),
        Value::Char(Some(value)) => value.to_string(),
        Value::Enum(OptionEnum::Some(value)) => value.value.to_string(),
        Value::Uuid(Some(value)) => value.to_string(),
        Value::Decimal(Some(value)) => value.to_string(),
        Value::ChronoDate(Some(value)) => value.to_string(),
        Value::ChronoTime(Some(value)) => value.format("%H:%M:%S%.f").to_string(),
        Value::ChronoDateTime(Some(value)) => value.format("%F %T%.f").to_string(),
        Value::ChronoDateTimeUtc(Some(value)) => {
            value.to_rfc3339_opts(SecondsFormat::AutoSi, false)
        }
        Value::ChronoDateTimeWithTimeZone(Some(value)) => {
            value.to_rfc3339_opts(SecondsFormat::AutoSi, false)
        }
        _ => String::new(),
    }
}

/// The value of a text; `None` if it is none of this variant.
pub(crate) fn read(text: &str, expected: &ArrayType) -> Option<Value> {
    if let Some(zero) = integer(0, expected) {
        return match zero {
            Value::BigUnsigned(_) => Some(Value::BigUnsigned(Some(text.parse().ok()?))),
            _ => integer(text.parse().ok()?, expected),
        };
    }
    let value = sqlite::read(ValueRef::Text(text.as_bytes()), expected);
    let is_expected = matches!(
        (&value, expected),
        (Value::String(_), ArrayType::String)
            | (Value::Char(_), ArrayType::Char)
            | (Value::Enum(_), ArrayType::Enum(_))
            | (Value::Uuid(_), ArrayType::Uuid)
            | (Value::Decimal(_), ArrayType::Decimal)
            | (Value::ChronoDate(_), ArrayType::ChronoDate)
            | (Value::ChronoTime(_), ArrayType::ChronoTime)
            | (Value::ChronoDateTime(_), ArrayType::ChronoDateTime)
            | (Value::ChronoDateTimeUtc(_), ArrayType::ChronoDateTimeUtc)
            | (
                Value::ChronoDateTimeWithTimeZone(_),
                ArrayType::ChronoDateTimeWithTimeZone
            )
    );
    is_expected.then_some(value)
}

/// The text of a value as SQLite stores it, which `ArrayType::String` reads. SQLite compares stored values, and one time
/// or number may be stored in several ways.
pub(crate) fn write_stored(value: &Value) -> String {
    match value {
        Value::BigInt(Some(value)) => format!("i{value}"),
        Value::Double(Some(value)) => format!("r{}", value.to_bits()),
        Value::String(Some(value)) => format!("t{value}"),
        Value::Bytes(Some(value)) => format!("b{}", STANDARD_NO_PAD.encode(value)),
        _ => String::new(),
    }
}

/// The value of such a text.
pub(crate) fn read_stored(text: &str) -> Option<Value> {
    let (class, text) = text.split_at_checked(1)?;
    Some(match class {
        "i" => Value::BigInt(Some(text.parse().ok()?)),
        "r" => Value::Double(Some(f64::from_bits(text.parse().ok()?))),
        "t" => Value::String(Some(text.to_owned())),
        "b" => Value::Bytes(Some(STANDARD_NO_PAD.decode(text).ok()?)),
        _ => return None,
    })
}
