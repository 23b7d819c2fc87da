//! Values that one of the databases cannot store. Both refuse them before a statement runs.

use chrono::{Datelike, NaiveDate};
use resourceful::{Error, FieldError};
use sea_orm::sea_query::Value;
use sea_orm::{ActiveModelTrait, EntityTrait, IdenStatic, Iterable};

use crate::error::DbError;
use crate::model::constraint::{Members, pointer};

/// Refuses a body whose values cannot be stored. `model` has those values alone.
pub(crate) fn check<E: EntityTrait>(
    model: &mut E::ActiveModel,
    members: &Members,
) -> Result<(), DbError> {
    let mut errors = Vec::new();
    for column in E::Column::iter() {
        // Taken and set again: `get` copies the texts.
        let Some(value) = model.take(column).into_value() else {
            continue;
        };
        if let Some(detail) = refusal(&value)
            && let Some((_, member)) = members.iter().find(|(name, _)| *name == column.as_str())
        {
            errors.push(FieldError::body(pointer(member), detail));
        }
        model.try_set(column, value)?;
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Error::invalid(errors).into())
    }
}

/// The reason why the value cannot be stored.
pub(crate) fn refusal(value: &Value) -> Option<&'static str> {
    let text = "must not contain U+0000";
    // RFC 3339 has years of four digits, and SQLite compares their texts.
    let of_date = |date: NaiveDate| {
        (!(0..=9999).contains(&date.year())).then_some("must be in the years 0000 to 9999")
    };
    match value {
        // A body and a query have it only if the field allows it; a path may. PostgreSQL cannot store it
        // (<https://www.postgresql.org/docs/current/datatype-character.html>).
        Value::String(Some(value)) => value.contains('\0').then_some(text),
        Value::Char(Some('\0')) => Some(text),
        Value::BigUnsigned(Some(value)) => i64::try_from(*value)
            .is_err()
            .then_some("must be at most 9223372036854775807"),
        Value::ChronoDate(Some(value)) => of_date(*value),
        Value::ChronoDateTime(Some(value)) => of_date(value.date()),
        Value::ChronoDateTimeUtc(Some(value)) => of_date(value.date_naive()),
        Value::ChronoDateTimeWithTimeZone(Some(value)) => of_date(value.naive_utc().date()),
        Value::Array(_, Some(values)) => values.iter().find_map(refusal),
        _ => None,
    }
}
