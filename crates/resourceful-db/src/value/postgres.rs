//! Values of PostgreSQL, in its binary format.
//!
//! The server names the types of parameters and columns. So an integer is written in the width that the server
//! expects, and read in the width that the caller expects.

use std::any::Any;
use std::error::Error as StdError;

use bytes::{BufMut, BytesMut};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use rust_decimal::Decimal;
use sea_orm::sea_query::{ArrayType, OptionEnum, Value};
use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use crate::value::{as_integer, enumeration, integer, null, time};

type BoxError = Box<dyn StdError + Send + Sync>;

/// A value as a parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter<'a>(pub(crate) &'a Value);

impl ToSql for Parameter<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        if let Kind::Domain(inner) = ty.kind() {
            return self.to_sql(inner, out);
        }
        if let Some(value) = as_integer(self.0) {
            return write_integer(value, ty, out);
        }
        match self.0 {
            Value::Bool(value) => checked(value, ty, out),
            Value::Float(value) => write_float(value.map(f64::from), ty, out),
            Value::Double(value) => write_float(*value, ty, out),
            Value::String(value) => write_text(value.as_deref(), ty, out),
            Value::Char(value) => write_text(value.map(String::from).as_deref(), ty, out),
            Value::Enum(OptionEnum::Some(value)) => write_text(Some(&*value.value), ty, out),
            Value::Enum(OptionEnum::None(_)) => Ok(IsNull::Yes),
            Value::Bytes(value) => checked(value, ty, out),
            Value::Json(value) => match ty {
                &Type::TEXT | &Type::VARCHAR => {
                    write_text(value.as_ref().map(ToString::to_string).as_deref(), ty, out)
                }
                _ => checked(&value.as_deref(), ty, out),
            },
            Value::ChronoDate(value) => checked(value, ty, out),
            Value::ChronoTime(value) => checked(value, ty, out),
            Value::ChronoDateTime(value) => match ty {
                &Type::TIMESTAMPTZ => checked(&value.map(|value| value.and_utc()), ty, out),
                _ => checked(value, ty, out),
            },
            Value::ChronoDateTimeUtc(value) => write_time(*value, ty, out),
            Value::ChronoDateTimeLocal(value) => {
                write_time(value.map(|value| value.to_utc()), ty, out)
            }
            Value::ChronoDateTimeWithTimeZone(value) => {
                write_time(value.map(|value| value.to_utc()), ty, out)
            }
            Value::Uuid(value) => match ty {
                &Type::TEXT | &Type::VARCHAR => {
                    write_text(value.map(|value| value.to_string()).as_deref(), ty, out)
                }
                _ => checked(value, ty, out),
            },
            Value::Decimal(value) => checked(value, ty, out),
            Value::Array(_, values) => {
                let values = values.as_deref();
                let values: Option<Vec<_>> = values.map(|all| all.iter().map(Parameter).collect());
                checked(&values, ty, out)
            }
            other => Err(format!("cannot write {:?} as `{ty}`", other.array_type()).into()),
        }
    }

    /// `to_sql` decides, because it depends on the value.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Refuses types for which the writer is not made, instead of sending bytes of another format.
fn checked<T: ToSql>(value: &T, ty: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
    value.to_sql_checked(ty, out)
}

fn write_integer(value: Option<i128>, ty: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
    let Some(value) = value else {
        return Ok(IsNull::Yes);
    };
    match *ty {
        Type::INT2 => out.put_i16(value.try_into()?),
        Type::INT4 => out.put_i32(value.try_into()?),
        Type::INT8 => out.put_i64(value.try_into()?),
        Type::OID => out.put_u32(value.try_into()?),
        Type::CHAR => out.put_i8(value.try_into()?),
        Type::NUMERIC => return checked(&Decimal::from(value), ty, out),
        #[expect(clippy::cast_precision_loss, reason = "PostgreSQL casts alike")]
        Type::FLOAT4 | Type::FLOAT8 => return write_float(Some(value as f64), ty, out),
        Type::BOOL => out.put_u8(u8::from(value != 0)),
        _ => return write_text(Some(&value.to_string()), ty, out),
    }
    Ok(IsNull::No)
}

fn write_float(value: Option<f64>, ty: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the column has this precision"
    )]
    match *ty {
        Type::FLOAT4 => checked(&value.map(|value| value as f32), ty, out),
        Type::NUMERIC => checked(&value.map(Decimal::try_from).transpose()?, ty, out),
        _ => checked(&value, ty, out),
    }
}

fn write_time(
    value: Option<DateTime<Utc>>,
    ty: &Type,
    out: &mut BytesMut,
) -> Result<IsNull, BoxError> {
    match *ty {
        Type::TIMESTAMP => checked(&value.map(|value| value.naive_utc()), ty, out),
        Type::DATE => checked(&value.map(|value| value.date_naive()), ty, out),
        _ => checked(&value, ty, out),
    }
}

/// Text, also for the types that `CAST($1 AS type)` gives a parameter.
fn write_text(value: Option<&str>, ty: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
    let Some(text) = value else {
        return Ok(IsNull::Yes);
    };
    match *ty {
        Type::UUID => return checked(&Uuid::parse_str(text)?, ty, out),
        Type::NUMERIC => return checked(&text.parse::<Decimal>()?, ty, out),
        Type::TIMESTAMPTZ => {
            return checked(&DateTime::parse_from_rfc3339(text)?, ty, out);
        }
        Type::DATE => return checked(&text.parse::<NaiveDate>()?, ty, out),
        Type::JSONB => out.put_u8(1),
        Type::JSON => {}
        _ if matches!(ty.kind(), Kind::Enum(_)) || <&str as ToSql>::accepts(ty) => {}
        _ => return Err(format!("cannot write text as `{ty}`").into()),
    }
    out.put_slice(text.as_bytes());
    Ok(IsNull::No)
}

/// The value of a column, in the variant that fits its type best.
pub(crate) struct Column(Option<Value>);

impl<'a> FromSql<'a> for Column {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, BoxError> {
        fn read<'a, T: FromSql<'a>>(ty: &Type, raw: &'a [u8]) -> Result<Option<T>, BoxError> {
            T::from_sql(ty, raw).map(Some)
        }
        let value = match *ty {
            Type::BOOL => Value::Bool(read(ty, raw)?),
            Type::CHAR => Value::TinyInt(read(ty, raw)?),
            Type::INT2 => Value::SmallInt(read(ty, raw)?),
            Type::INT4 => Value::Int(read(ty, raw)?),
            Type::INT8 => Value::BigInt(read(ty, raw)?),
            Type::OID => Value::Unsigned(read(ty, raw)?),
            Type::FLOAT4 => Value::Float(read(ty, raw)?),
            Type::FLOAT8 => Value::Double(read(ty, raw)?),
            Type::BYTEA => Value::Bytes(read(ty, raw)?),
            Type::JSON | Type::JSONB => Value::Json(read(ty, raw)?),
            Type::DATE => Value::ChronoDate(read::<NaiveDate>(ty, raw)?),
            Type::TIME => Value::ChronoTime(Some(time_of_day(ty, raw)?)),
            Type::TIMESTAMP => Value::ChronoDateTime(read::<NaiveDateTime>(ty, raw)?),
            Type::TIMESTAMPTZ => Value::ChronoDateTimeUtc(read::<DateTime<Utc>>(ty, raw)?),
            Type::UUID => Value::Uuid(read(ty, raw)?),
            Type::NUMERIC => Value::Decimal(Some(exact_decimal(ty, raw)?)),
            Type::VOID => Value::String(None),
            _ => match ty.kind() {
                Kind::Domain(inner) => return Self::from_sql(inner, raw),
                Kind::Enum(_) => Value::String(Some(std::str::from_utf8(raw)?.to_owned())),
                Kind::Array(member) => {
                    let values = Vec::<Option<Self>>::from_sql(ty, raw)?;
                    let of = array_type(member);
                    let values = values.into_iter().map(|value| match value {
                        Some(Self(Some(value))) => value,
                        _ => null(&of),
                    });
                    let values = values.collect();
                    Value::Array(of.clone(), Some(Box::new(values)))
                }
                _ if <String as FromSql>::accepts(ty) => Value::String(read(ty, raw)?),
                _ => return Err(format!("cannot read the type `{ty}`; cast it to text").into()),
            },
        };
        Ok(Self(Some(value)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, BoxError> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// PostgreSQL has a last moment of the day, 24:00:00, which chrono takes for the first.
fn time_of_day(ty: &Type, raw: &[u8]) -> Result<NaiveTime, BoxError> {
    const DAY: i64 = 24 * 60 * 60 * 1_000_000;
    if raw == DAY.to_be_bytes() {
        return Err("24:00:00 is no time of chrono's; cast it to text".into());
    }
    NaiveTime::from_sql(ty, raw)
}

/// A number that `Decimal` holds exactly. `rust_decimal` rounds the others.
fn exact_decimal(ty: &Type, raw: &[u8]) -> Result<Decimal, BoxError> {
    let value = Decimal::from_sql(ty, raw)?;
    let mut written = BytesMut::new();
    value.to_sql(ty, &mut written)?;
    if numeric_digits(raw) != numeric_digits(&written) {
        return Err("a number has more digits than `Decimal`; cast it to text".into());
    }
    Ok(value)
}

/// The digits of a `numeric`, in groups of four and without zeros at either end, and the power of 10,000 of the first
/// group. The format is that of `numeric_send` in PostgreSQL's `numeric.c`.
fn numeric_digits(raw: &[u8]) -> Option<(i16, &[[u8; 2]])> {
    const ZERO: [u8; 2] = [0, 0];
    let (_, weight) = raw.get(..4)?.split_last_chunk()?;
    let (groups, _) = raw.get(8..)?.as_chunks();
    let Some(first) = groups.iter().position(|group| *group != ZERO) else {
        return Some((0, &[]));
    };
    let last = groups.iter().rposition(|group| *group != ZERO)?;
    let weight = i16::from_be_bytes(*weight).checked_sub(first.try_into().ok()?)?;
    Some((weight, &groups[first..=last]))
}

/// The variant of a type of PostgreSQL.
fn array_type(ty: &Type) -> ArrayType {
    match *ty {
        Type::BOOL => ArrayType::Bool,
        Type::CHAR => ArrayType::TinyInt,
        Type::INT2 => ArrayType::SmallInt,
        Type::INT4 => ArrayType::Int,
        Type::INT8 => ArrayType::BigInt,
        Type::OID => ArrayType::Unsigned,
        Type::FLOAT4 => ArrayType::Float,
        Type::FLOAT8 => ArrayType::Double,
        Type::BYTEA => ArrayType::Bytes,
        Type::JSON | Type::JSONB => ArrayType::Json,
        Type::DATE => ArrayType::ChronoDate,
        Type::TIME => ArrayType::ChronoTime,
        Type::TIMESTAMP => ArrayType::ChronoDateTime,
        Type::TIMESTAMPTZ => ArrayType::ChronoDateTimeUtc,
        Type::UUID => ArrayType::Uuid,
        Type::NUMERIC => ArrayType::Decimal,
        _ => match ty.kind() {
            Kind::Domain(inner) => array_type(inner),
            _ => ArrayType::String,
        },
    }
}

/// Whether several types of chrono's read this type, without a usual one.
pub(crate) fn is_ambiguous(ty: &Type) -> bool {
    matches!(*ty, Type::TIMESTAMPTZ | Type::TIMESTAMPTZ_ARRAY)
}

/// A column of one of the usual pairs of types, which need no [`Value`] in between. `None`: another pair, or null for a
/// type without null.
pub(crate) fn read_usual<T: 'static>(
    row: &tokio_postgres::Row,
    index: usize,
) -> Result<Option<T>, tokio_postgres::Error> {
    let Some(column) = row.columns().get(index) else {
        return Ok(None);
    };
    let mut value = None::<T>;
    let slot: &mut dyn Any = &mut value;
    match *column.type_() {
        Type::BOOL => fill::<bool>(slot, row, index),
        Type::INT4 => fill::<i32>(slot, row, index),
        Type::INT8 => fill::<i64>(slot, row, index),
        Type::FLOAT8 => fill::<f64>(slot, row, index),
        Type::UUID => fill::<Uuid>(slot, row, index),
        Type::TEXT | Type::VARCHAR => fill::<String>(slot, row, index),
        Type::TIMESTAMPTZ => fill::<DateTime<Utc>>(slot, row, index),
        _ => Ok(()),
    }?;
    Ok(value)
}

/// Reads a `V` into a slot for a `V` or an `Option<V>`.
fn fill<V: for<'r> FromSql<'r> + 'static>(
    slot: &mut dyn Any,
    row: &tokio_postgres::Row,
    index: usize,
) -> Result<(), tokio_postgres::Error> {
    if let Some(slot) = slot.downcast_mut::<Option<V>>() {
        *slot = row.try_get(index)?;
    } else if let Some(slot) = slot.downcast_mut::<Option<Option<V>>>() {
        *slot = Some(row.try_get(index)?);
    }
    Ok(())
}

/// A column in the variant that is expected, or in the one that fits its type best.
pub(crate) fn read(
    row: &tokio_postgres::Row,
    index: usize,
    expected: Option<&ArrayType>,
) -> Result<Value, tokio_postgres::Error> {
    let Column(value) = row.try_get(index)?;
    let ty = row.columns()[index].type_();
    let is_array = matches!(ty.kind(), Kind::Array(_));
    Ok(match (value, expected) {
        (Some(value), Some(expected)) => coerce(value, expected),
        (Some(value), None) => value,
        (None, Some(expected)) if is_array => Value::Array(expected.clone(), None),
        (None, Some(expected)) => null(expected),
        (None, None) => null(&array_type(ty)),
    })
}

/// A value whose variant is not the expected one, if it has the same meaning there.
fn coerce(value: Value, expected: &ArrayType) -> Value {
    if let Some(Some(integer_value)) = as_integer(&value) {
        let coerced = i64::try_from(integer_value).ok();
        return coerced
            .and_then(|value| integer(value, expected))
            .unwrap_or(value);
    }
    match (value, expected) {
        (Value::ChronoDateTimeUtc(Some(value)), _) => time(value, expected),
        (Value::Float(Some(value)), ArrayType::Double) => Value::Double(Some(value.into())),
        (Value::String(Some(text)), ArrayType::Enum(name)) => enumeration(name, text),
        (Value::String(Some(text)), ArrayType::Char) => match text.parse() {
            Ok(character) => Value::Char(Some(character)),
            Err(_) => Value::String(Some(text)),
        },
        (Value::Array(of, Some(values)), _) => {
            let values = values.into_iter().map(|value| coerce(value, expected));
            let values: Vec<Value> = values.collect();
            // sea-query panics at a member of another variant than that of the array.
            let is_expected = values.iter().all(|value| value.array_type() == *expected);
            let of = if is_expected { expected.clone() } else { of };
            Value::Array(of, Some(Box::new(values)))
        }
        (value, _) => value,
    }
}
