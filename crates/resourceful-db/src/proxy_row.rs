//! Rows for SeaORM, which it reads by name or by position.

use std::collections::BTreeMap;

use sea_orm::ProxyRow;
use sea_orm::sea_query::{ArrayType, Value};

use crate::entities::Entities;
use crate::error::DbError;
use crate::sqlite::Connection;
use crate::statement::Query;
use crate::value;

pub(crate) fn postgres(
    row: &tokio_postgres::Row,
    entities: &Entities,
) -> Result<ProxyRow, DbError> {
    let columns = row.columns().iter().enumerate();
    let values = columns.map(|(index, column)| {
        let number = column.table_oid().zip(column.column_id());
        let expected = number.and_then(|(table, column)| entities.number(table, column));
        let name = column.name();
        let value = value::postgres::read(row, index, expected)?;
        let value = match expected {
            Some(expected) => value::in_variant(value, expected, name)?,
            None if number.is_some() && value::postgres::is_ambiguous(column.type_()) => {
                return Err(value::ambiguous(name));
            }
            None => value,
        };
        Ok((name.to_owned(), value))
    });
    Ok(proxy_row(values.collect::<Result<_, DbError>>()?))
}

/// A column of a result of SQLite's.
struct Column {
    name: String,
    declared: Option<String>,
    expected: Option<ArrayType>,
}

pub(crate) fn sqlite(
    connection: &Connection,
    query: &Query,
    entities: &Entities,
) -> Result<Vec<ProxyRow>, DbError> {
    connection.query_with(
        query,
        |statement| {
            let columns = statement.columns_with_metadata().into_iter();
            let declared = statement.columns();
            let columns = columns.zip(declared).map(|(origin, column)| Column {
                name: column.name().to_owned(),
                declared: column.decl_type().map(str::to_owned),
                expected: origin
                    .table_name()
                    .zip(origin.origin_name())
                    .and_then(|(table, column)| entities.column(table, column))
                    .cloned(),
            });
            columns.collect::<Vec<_>>()
        },
        |row, columns| {
            let values = columns.iter().enumerate().map(|(index, column)| {
                let cell = row.get_ref(index)?;
                let expected = column.expected.clone();
                let expected = expected
                    .or_else(|| value::sqlite::declared(column.declared.as_deref(), cell))
                    .ok_or_else(|| value::ambiguous(&column.name))?;
                let value = value::sqlite::read(cell, &expected);
                let value = value::in_variant(value, &expected, &column.name)?;
                Ok((column.name.clone(), value))
            });
            Ok(proxy_row(values.collect::<Result<_, DbError>>()?))
        },
    )
}

/// SeaORM's row is sorted by name, and a position counts in that order. Where it is another one than that of the
/// statement, the values are there twice: names that sort first give each its position.
fn proxy_row(values: Vec<(String, Value)>) -> ProxyRow {
    let is_sorted = values.is_sorted_by(|(before, _), (after, _)| before < after);
    let mut row = BTreeMap::new();
    if !is_sorted {
        for (position, (_, value)) in values.iter().enumerate() {
            row.insert(format!("\0{position:08}"), value.clone());
        }
    }
    row.extend(values);
    ProxyRow::new(row)
}
