//! [`Shape`]: the parts of a statement that decide its text, apart from its values; [`Texts`]: the texts by shape.
//!
//! sea-query writes a statement once for each shape. It would otherwise do so for each request, which costs more
//! than the rest of a request that reads an item.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use foldhash::fast::RandomState;
use sea_orm::DbBackend;
use sea_orm::sea_query::{ArrayType, QueryStatementWriter, Value};

use crate::error::DbError;
use crate::statement::Query;

/// Texts that are kept at most. A client chooses which filters it combines, so there may be more.
const MAX_TEXTS: usize = 1000;

/// Follows the values, each of which is 0 or 1.
const END: u8 = 2;

/// The parts of a statement.
///
/// Two statements with equal shapes have the same text. Debug builds write the text each time, and compare.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The types that the statement is for.
    types: TypeId,
    parts: Vec<u8>,
    values: Vec<Value>,
    is_known: bool,
}

impl Shape {
    /// The shape of the statement `name` for these types: `Shape::of::<(R, I)>("retrieve")`.
    pub(crate) fn of<T: 'static>(name: &'static str) -> Self {
        let mut shape = Self {
            types: TypeId::of::<T>(),
            parts: Vec::with_capacity(256),
            values: Vec::with_capacity(16),
            is_known: true,
        };
        shape.name(name);
        shape
    }

    /// Adds a name of a column or of a table.
    pub(crate) fn name(&mut self, name: &str) {
        self.parts.extend_from_slice(name.as_bytes());
        self.parts.push(0);
    }

    /// Adds the number of a variant.
    pub(crate) fn code(&mut self, code: u8) {
        self.parts.push(code);
    }

    /// Adds parts, and their number.
    pub(crate) fn list<T>(&mut self, parts: &[T], describe: impl Fn(&T, &mut Self)) {
        self.number(parts.len());
        for part in parts {
            describe(part, self);
        }
    }

    /// Adds values, in the order in which the text has their parameters.
    pub(crate) fn values(&mut self, values: impl IntoIterator<Item = Value>) {
        for value in values {
            self.value(value);
        }
        self.parts.push(END);
    }

    /// Adds a value.
    pub(crate) fn value(&mut self, value: Value) {
        // A text becomes one of an enum by a cast, and a member of it needs none.
        let is_member = matches!(value, Value::Enum(_) | Value::Array(ArrayType::Enum(_), _));
        self.parts.push(u8::from(is_member));
        self.values.push(value);
    }

    fn number(&mut self, number: usize) {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.parts.extend_from_slice(&number.to_be_bytes());
    }

    /// The statement has a part that is only known as sea-query's.
    pub(crate) fn is_unknown(&mut self) {
        self.is_known = false;
    }

    /// The parts and the values, for a fingerprint; the same in each process.
    pub(crate) fn text(&self) -> String {
        format!("{}\0{:?}", self.parts.escape_ascii(), self.values)
    }
}

type Key = (TypeId, Vec<u8>);

/// The texts of statements, by shape.
#[derive(Debug, Default)]
pub(crate) struct Texts(RwLock<HashMap<Key, Text, RandomState>>);

#[derive(Clone, Debug)]
struct Text {
    sql: Arc<str>,
    only_reads: bool,
}

impl Texts {
    /// The statement of this shape. `write` makes the statement for a text that is not there, from the values.
    pub(crate) fn query<S: QueryStatementWriter>(
        &self,
        backend: DbBackend,
        shape: Shape,
        write: impl FnOnce(&[Value]) -> Result<S, DbError>,
    ) -> Result<Query, DbError> {
        let Shape {
            types,
            parts,
            values,
            is_known,
        } = shape;
        if !is_known {
            return Ok(Query::new(backend, &write(&values)?));
        }
        let key = (types, parts);
        let texts = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(Text { sql, only_reads }) = texts.get(&key).cloned() {
            drop(texts);
            let query = Query {
                sql,
                values,
                only_reads,
            };
            #[cfg(debug_assertions)]
            assert_eq!(
                query,
                Query::new(backend, &write(&query.values)?),
                "two texts of a shape"
            );
            return Ok(query);
        }
        drop(texts);
        let query = Query::new(backend, &write(&values)?);
        debug_assert_eq!(query.values, values, "the values of {}", query.sql);
        if query.values == values {
            let mut texts = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if texts.len() >= MAX_TEXTS {
                texts.clear();
            }
            let text = Text {
                sql: Arc::clone(&query.sql),
                only_reads: query.only_reads,
            };
            texts.insert(key, text);
        }
        Ok(query)
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::{Expr, ExprTrait, Query as SqlQuery};

    use super::*;

    fn query(texts: &Texts, mut shape: Shape, name: String, value: i64) -> Query {
        shape.name(&name);
        shape.values([Value::from(value)]);
        let write = |_: &[Value]| {
            let mut statement = SqlQuery::select();
            statement.and_where(Expr::col(name).eq(value));
            Ok(statement)
        };
        texts.query(DbBackend::Sqlite, shape, write).unwrap()
    }

    #[test]
    fn a_text_is_kept_for_its_shape() {
        let texts = Texts::default();
        let of = |name: &str, value| query(&texts, Shape::of::<()>("list"), name.to_owned(), value);
        let (first, second, other) = (of("a", 1), of("a", 2), of("b", 1));
        assert!(Arc::ptr_eq(&first.sql, &second.sql));
        assert_ne!(first.sql, other.sql);
        assert_eq!(second.values, [Value::from(2_i64)]);
    }

    #[test]
    fn a_client_cannot_fill_the_memory() {
        let texts = Texts::default();
        for number in 0..3 * MAX_TEXTS {
            query(&texts, Shape::of::<()>("list"), format!("c{number}"), 1);
        }
        let kept = texts.0.read().unwrap().len();
        assert!(kept <= MAX_TEXTS, "{kept} texts");
    }

    #[test]
    fn a_condition_without_a_shape_keeps_no_text() {
        let texts = Texts::default();
        let mut shape = Shape::of::<()>("list");
        shape.is_unknown();
        query(&texts, shape, "a".to_owned(), 1);
        assert!(texts.0.read().unwrap().is_empty());
    }
}
