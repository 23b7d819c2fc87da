//! Values of SQLite, which stores integers, reals, texts and blobs.
//!
//! Other types are stored as sqlx stores them, so that a file of SeaORM over sqlx can be used as it is: times
//! as RFC 3339 text in UTC, whose order is that of time; UUIDs as blobs of 16 bytes; JSON and decimals as text.

use std::error::Error;

use chrono::{
    DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeZone, Utc,
};
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rust_decimal::Decimal;
use sea_orm::sea_query::{ArrayType, OptionEnum, Value};
use uuid::Uuid;

use crate::value::{as_integer, enumeration, integer, null, time};

/// A value as a parameter.
pub(crate) struct Parameter<'a>(pub(crate) &'a Value);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        if let Some(value) = as_integer(self.0) {
            let value = value.map(i64::try_from).transpose();
            let value = value.map_err(failed)?;
            return Ok(value.map_or_else(|| ToSqlOutput::from(rusqlite::types::Null), Into::into));
        }
        let owned = |text: Option<String>| text.map(ToSqlOutput::from);
        let output = match self.0 {
            Value::Bool(value) => value.map(ToSqlOutput::from),
            Value::Float(value) => value.map(|value| number(value.into())).transpose()?,
            Value::Double(value) => value.map(number).transpose()?,
            Value::String(value) => value.as_deref().map(ToSqlOutput::from),
            Value::Char(value) => owned(value.map(String::from)),
            Value::Enum(OptionEnum::Some(value)) => Some(ToSqlOutput::from(&*value.value)),
            Value::Enum(OptionEnum::None(_)) => None,
            Value::Bytes(value) => value.as_deref().map(ToSqlOutput::from),
            Value::Json(value) => owned(value.as_ref().map(ToString::to_string)),
            Value::ChronoDate(value) => owned(value.map(|value| value.to_string())),
            Value::ChronoTime(value) => {
                owned(value.map(|value| value.format("%H:%M:%S%.f").to_string()))
            }
            Value::ChronoDateTime(value) => {
                owned(value.map(|value| value.format("%F %T%.f").to_string()))
            }
            Value::ChronoDateTimeUtc(value) => owned(value.as_ref().map(rfc3339)),
            Value::ChronoDateTimeLocal(value) => owned(value.as_ref().map(rfc3339)),
            Value::ChronoDateTimeWithTimeZone(value) => owned(value.as_ref().map(rfc3339)),
            Value::Uuid(value) => value.map(|value| value.as_bytes().to_vec().into()),
            Value::Decimal(value) => owned(value.map(|value| value.to_string())),
            other => {
                return Err(failed(format!(
                    "SQLite has no type for {:?}",
                    other.array_type()
                )));
            }
        };
        Ok(output.unwrap_or_else(|| rusqlite::types::Null.into()))
    }
}

fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(error.into())
}

/// SQLite would store NaN as null.
fn number<'a>(value: f64) -> rusqlite::Result<ToSqlOutput<'a>> {
    if value.is_nan() {
        return Err(failed("SQLite cannot store NaN"));
    }
    Ok(value.into())
}

/// In UTC: a text with another offset would have another order.
fn rfc3339<Z: TimeZone>(time: &DateTime<Z>) -> String {
    time.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// A column in the variant that is expected. A value that cannot be one is returned in the variant of its
/// storage class, which the reader then refuses.
pub(crate) fn read(value: ValueRef<'_>, expected: &ArrayType) -> Value {
    match value {
        ValueRef::Null => null(expected),
        ValueRef::Integer(value) => read_integer(value, expected),
        ValueRef::Real(value) => read_real(value, expected),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => read_text(text, expected),
            Err(_) => Value::Bytes(Some(bytes.to_vec())),
        },
        ValueRef::Blob(bytes) => read_blob(bytes, expected),
    }
}

fn read_integer(value: i64, expected: &ArrayType) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "SQLite casts alike")]
    match expected {
        ArrayType::Float => Value::Float(Some(value as f32)),
        ArrayType::Double => Value::Double(Some(value as f64)),
        ArrayType::Decimal => Value::Decimal(Some(value.into())),
        // Unix time, as `unixepoch()` returns it.
        _ if is_time(expected) => match DateTime::from_timestamp(value, 0) {
            Some(value) => time(value, expected),
            None => Value::BigInt(Some(value)),
        },
        _ => integer(value, expected).unwrap_or(Value::BigInt(Some(value))),
    }
}

fn read_real(value: f64, expected: &ArrayType) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the type has this precision"
    )]
    match expected {
        ArrayType::Float => Value::Float(Some(value as f32)),
        ArrayType::Decimal => match Decimal::try_from(value) {
            Ok(decimal) => Value::Decimal(Some(decimal)),
            Err(_) => Value::Double(Some(value)),
        },
        _ => Value::Double(Some(value)),
    }
}

fn read_text(text: &str, expected: &ArrayType) -> Value {
    let parsed = match expected {
        ArrayType::Char => text.parse().ok().map(|value| Value::Char(Some(value))),
        ArrayType::Bytes => Some(Value::Bytes(Some(text.into()))),
        ArrayType::Enum(name) => Some(enumeration(name, text.to_owned())),
        ArrayType::Json => serde_json::from_str(text)
            .ok()
            .map(|value| Value::Json(Some(Box::new(value)))),
        ArrayType::ChronoDate => text
            .parse::<NaiveDate>()
            .ok()
            .map(|value| Value::ChronoDate(Some(value))),
        ArrayType::ChronoTime => text
            .parse::<NaiveTime>()
            .ok()
            .map(|value| Value::ChronoTime(Some(value))),
        ArrayType::Uuid => Uuid::parse_str(text)
            .ok()
            .map(|value| Value::Uuid(Some(value))),
        ArrayType::Decimal => text
            .parse()
            .or_else(|_| Decimal::from_scientific(text))
            .ok()
            .map(|value| Value::Decimal(Some(value))),
        _ if is_time(expected) => parse_time(text).map(|value| time(value.to_utc(), expected)),
        _ => None,
    };
    parsed.unwrap_or_else(|| Value::String(Some(text.to_owned())))
}

fn read_blob(bytes: &[u8], expected: &ArrayType) -> Value {
    match expected {
        ArrayType::Uuid => match Uuid::from_slice(bytes) {
            Ok(value) => Value::Uuid(Some(value)),
            Err(_) => Value::Bytes(Some(bytes.to_vec())),
        },
        ArrayType::Json => match serde_json::from_slice(bytes) {
            Ok(value) => Value::Json(Some(Box::new(value))),
            Err(_) => Value::Bytes(Some(bytes.to_vec())),
        },
        _ => Value::Bytes(Some(bytes.to_vec())),
    }
}

fn is_time(expected: &ArrayType) -> bool {
    matches!(
        expected,
        ArrayType::ChronoDateTime
            | ArrayType::ChronoDateTimeUtc
            | ArrayType::ChronoDateTimeLocal
            | ArrayType::ChronoDateTimeWithTimeZone
    )
}

/// RFC 3339, and the texts that SQLite's own functions accept and return (<https://www.sqlite.org/lang_datefunc.html>).
/// Without an offset they are in UTC.
fn parse_time(text: &str) -> Option<DateTime<FixedOffset>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time);
    }
    let text = text.strip_suffix('Z').unwrap_or(text);
    let with_offset = ["%F %T%.f%:z", "%F %R%:z", "%FT%T%.f%:z", "%FT%R%:z"];
    let with_offset = with_offset.into_iter();
    let mut with_offset =
        with_offset.filter_map(|format| DateTime::parse_from_str(text, format).ok());
    let in_utc = ["%F %T%.f", "%FT%T%.f", "%F %R", "%FT%R"].into_iter();
    let mut in_utc = in_utc.filter_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    with_offset.next().or_else(|| {
        let naive = in_utc.next()?;
        Some(Utc.from_utc_datetime(&naive).fixed_offset())
    })
}

/// The variant of a column that no entity describes, by its declared type. SeaORM's migrations declare these
/// types; an expression has none. `None`: several Rust types have this type.
pub(crate) fn declared(declared: Option<&str>, value: ValueRef<'_>) -> Option<ArrayType> {
    let declared = declared.unwrap_or_default().to_ascii_lowercase();
    let has = |part: &str| declared.contains(part);
    Some(match value {
        _ if has("bool") => ArrayType::Bool,
        _ if has("tinyint") => ArrayType::TinyInt,
        _ if has("smallint") => ArrayType::SmallInt,
        _ if has("timestamp_with_timezone") || has("timestamptz") || has("with time zone") => {
            return None;
        }
        _ if has("datetime") || has("timestamp") => ArrayType::ChronoDateTime,
        _ if has("date") => ArrayType::ChronoDate,
        _ if has("time") => ArrayType::ChronoTime,
        _ if has("uuid") => ArrayType::Uuid,
        _ if has("json") => ArrayType::Json,
        _ if has("decimal") || has("numeric") || has("real(") => ArrayType::Decimal,
        _ if has("bigint") => ArrayType::BigInt,
        _ if has("int") || declared == "float" => return None,
        _ if has("real") || has("floa") || has("doub") => ArrayType::Double,
        _ if has("blob") => ArrayType::Bytes,
        _ if has("char") || has("text") || has("clob") => ArrayType::String,
        ValueRef::Integer(_) => ArrayType::BigInt,
        ValueRef::Real(_) => ArrayType::Double,
        ValueRef::Blob(_) => ArrayType::Bytes,
        ValueRef::Null | ValueRef::Text(_) => ArrayType::String,
    })
}
