//! [`Keyset`]: the rows after a row, and the cursor that names it.

use std::marker::PhantomData;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use resourceful::{Error, FieldError};
use sea_orm::sea_query::{ArrayType, Expr, SimpleExpr, Value};
use sea_orm::{ColumnTrait, DbBackend, EntityTrait};
use sha2::{Digest, Sha256};

use crate::cursor_keys::{CursorKeys, SIGNATURE};
use crate::entities::variant;
use crate::error::DbError;
use crate::model::order::Direction;
use crate::model::scope::Scope;
use crate::model::term::Term;
use crate::shape::Shape;
use crate::value;

/// Bytes of a fingerprint.
const FINGERPRINT: usize = 8;

/// The order of a list, which the values of its columns continue after a row.
pub(crate) struct Keyset<E: EntityTrait> {
    columns: Vec<(E::Column, Direction, ArrayType)>,
    /// The order and the filter, which a cursor must have been made for.
    fingerprint: [u8; FINGERPRINT],
    backend: DbBackend,
    entity: PhantomData<E>,
}

impl<E: EntityTrait> Keyset<E> {
    pub(crate) fn new(
        backend: DbBackend,
        order: &str,
        columns: &[(E::Column, Direction)],
        filter: &Scope<E>,
    ) -> Self {
        let columns = columns
            .iter()
            .map(|(column, direction)| (*column, *direction, variant::<E>(*column)));
        let mut shape = Shape::of::<E>(E::default().table_name());
        shape.name(order);
        filter.describe(&mut shape);
        let hash = Sha256::digest(shape.text());
        let mut fingerprint = [0; FINGERPRINT];
        fingerprint.copy_from_slice(&hash[..FINGERPRINT]);
        Self {
            columns: columns.collect(),
            fingerprint,
            backend,
            entity: PhantomData,
        }
    }

    /// The columns of the order.
    pub(crate) fn columns(&self) -> Vec<SimpleExpr> {
        let columns = self.columns.iter();
        columns
            .map(|(column, ..)| column.select_as(Expr::col(column.as_column_ref())))
            .collect()
    }

    /// The variants in which [`columns`](Self::columns) are read.
    pub(crate) fn variants(&self) -> Vec<ArrayType> {
        let columns = self.columns.iter();
        let variants = columns.map(|(_, _, variant)| match self.backend {
            DbBackend::Sqlite => ArrayType::String,
            _ => variant.clone(),
        });
        variants.collect()
    }

    /// The cursor of a row with these values.
    pub(crate) fn cursor(&self, values: &[Value], keys: &CursorKeys) -> String {
        let write = match self.backend {
            DbBackend::Sqlite => value::text::write_stored,
            _ => value::text::write,
        };
        let values: Vec<String> = values.iter().map(write).collect();
        let mut token = self.fingerprint.to_vec();
        token.extend(serde_json::to_vec(&values).expect("strings are JSON"));
        token.extend(keys.sign(&token));
        URL_SAFE_NO_PAD.encode(token)
    }

    /// The rows after that of the cursor.
    pub(crate) fn after(&self, cursor: &str, keys: &CursorKeys) -> Result<Term<E>, DbError> {
        let invalid = |detail: &'static str| {
            DbError::from(Error::invalid([FieldError::query("cursor", detail)]))
        };
        let unknown = || invalid("is not a cursor of this list");
        let token = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| unknown())?;
        let signed = token.len().checked_sub(SIGNATURE).ok_or_else(unknown)?;
        let (token, signature) = token.split_at(signed);
        if !keys.verify(token, signature) {
            return Err(unknown());
        }
        let (fingerprint, values) = token.split_at_checked(FINGERPRINT).ok_or_else(unknown)?;
        if fingerprint != self.fingerprint {
            return Err(invalid("belongs to another order or filter"));
        }
        let values: Vec<String> = serde_json::from_slice(values).map_err(|_| unknown())?;
        let values = values.iter().zip(&self.columns);
        let values = values.map(|(text, (_, _, variant))| match self.backend {
            DbBackend::Sqlite => value::text::read_stored(text),
            _ => value::text::read(text, variant),
        });
        let values: Vec<Value> = values.collect::<Option<_>>().ok_or_else(unknown)?;
        if values.len() != self.columns.len() {
            return Err(unknown());
        }
        let columns = self.columns.iter().zip(values);
        let columns = columns.map(|((column, direction, _), value)| (*column, *direction, value));
        Ok(Term::Beyond(columns.collect()))
    }
}
