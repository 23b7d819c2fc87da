//! [`Nested`]: related items, loaded by one statement for all items of a page.

use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::str::FromStr;

use sea_orm::sea_query::{ArrayType, Expr, Order as SqlOrder, SimpleExpr, Value};
use sea_orm::{
    ColumnTrait, EntityName, EntityTrait, Identity, Iterable, PrimaryKeyToColumn, Related,
    RelationDef, RelationType,
};

use crate::entities::{INTEGERS, variant};
use crate::error::DbError;
use crate::model::item::Item;
use crate::model::registration::Registration;
use crate::model::scope::Scope;
use crate::model::select::{Loaded, reader, select};
use crate::model::term::{Comparison, Term};
use crate::shape::Shape;
use crate::source::Source;
use crate::value::{as_integer, integer};

/// Related items of one page at most.
const MAX_ROWS: u64 = 10_000;
/// Keys in one statement. Both databases limit its parameters.
const MAX_KEYS: usize = 1000;

type Loading<'a> = Pin<Box<dyn Future<Output = Result<(), DbError>> + Send + 'a>>;
type Load<I> =
    Box<dyn for<'a> Fn(Source<'a>, &'a mut [I], Vec<Value>) -> Loading<'a> + Send + Sync>;

/// A relation of the item `I`, whose rows a further statement loads. `#[derive(Item)]` makes it of a field with
/// `#[item(nested)]`.
#[expect(missing_debug_implementations, reason = "it holds functions")]
pub struct Nested<I> {
    key: Result<(SimpleExpr, ArrayType), DbError>,
    load: Load<I>,
    register: fn(&mut Registration<'_>),
}

impl<I: Item> Nested<I> {
    /// The rows that belong to the item.
    #[must_use]
    pub fn many<C: Item + Clone>(assign: fn(&mut I, Vec<C>)) -> Self
    where
        I::Entity: Related<C::Entity>,
    {
        Self::many_by(<I::Entity as Related<C::Entity>>::to, assign)
    }

    /// The row that the item belongs to.
    #[must_use]
    pub fn one<C: Item + Clone>(assign: fn(&mut I, Option<C>)) -> Self
    where
        I::Entity: Related<C::Entity>,
    {
        Self::one_by(<I::Entity as Related<C::Entity>>::to, assign)
    }

    /// The rows that belong to the item by this relation.
    #[must_use]
    pub fn many_by<C: Item + Clone>(
        relation: fn() -> RelationDef,
        assign: fn(&mut I, Vec<C>),
    ) -> Self {
        Self::new(relation, assign, None)
    }

    /// The row that the item belongs to by this relation.
    #[must_use]
    pub fn one_by<C: Item + Clone>(
        relation: fn() -> RelationDef,
        assign: fn(&mut I, Option<C>),
    ) -> Self {
        let assign = move |item: &mut I, children: Vec<C>| {
            assign(item, children.into_iter().next());
        };
        Self::new(relation, assign, Some(RelationType::HasOne))
    }

    fn new<C: Item + Clone>(
        relation: fn() -> RelationDef,
        assign: impl Fn(&mut I, Vec<C>) + Copy + Send + Sync + 'static,
        expected: Option<RelationType>,
    ) -> Self {
        let key = check::<C>(&relation(), expected);
        let key = key.and_then(|()| column::<I::Entity>(&relation().from_col));
        Self {
            key: key.map(|column| {
                let key = Expr::col(column.as_column_ref());
                (key, variant::<I::Entity>(column))
            }),
            register: |registration| registration.item::<C>(),
            load: Box::new(move |source, items, keys| {
                Box::pin(load(source, items, keys, relation(), assign))
            }),
        }
    }

    /// Registers the related items. The error is a relation that does not fit.
    pub(crate) fn register(self, registration: &mut Registration<'_>) -> Option<String> {
        (self.register)(registration);
        self.key.err().map(|error| error.to_string())
    }
}

/// The columns by which the related rows are found.
pub(crate) fn keys<I: Item>() -> Result<Vec<(SimpleExpr, ArrayType)>, DbError> {
    I::nested().into_iter().map(|nested| nested.key).collect()
}

/// Loads the related items of all items.
pub(crate) async fn load_nested<I: Item>(
    source: Source<'_>,
    loaded: Vec<Loaded<I>>,
) -> Result<Vec<I>, DbError> {
    let relations = I::nested();
    let mut columns: Vec<Vec<Value>> = relations.iter().map(|_| Vec::new()).collect();
    let mut items = Vec::with_capacity(loaded.len());
    for Loaded { item, keys, .. } in loaded {
        items.push(item);
        for (column, key) in columns.iter_mut().zip(keys) {
            column.push(key);
        }
    }
    if !items.is_empty() {
        for (relation, keys) in relations.iter().zip(columns) {
            (relation.load)(source, &mut items, keys).await?;
        }
    }
    Ok(items)
}

/// Loads the related items of one item.
pub(crate) async fn load_nested_of<I: Item>(
    source: Source<'_>,
    loaded: Loaded<I>,
) -> Result<I, DbError> {
    let mut item = [loaded.item];
    for (relation, key) in I::nested().iter().zip(loaded.keys) {
        (relation.load)(source, &mut item, vec![key]).await?;
    }
    let [item] = item;
    Ok(item)
}

async fn load<I: Item, C: Item + Clone>(
    source: Source<'_>,
    items: &mut [I],
    keys: Vec<Value>,
    relation: RelationDef,
    assign: impl Fn(&mut I, Vec<C>),
) -> Result<(), DbError> {
    let column = column::<C::Entity>(&relation.to_col)?;
    let variant = variant::<C::Entity>(column);
    let mut seen = HashSet::new();
    let distinct = keys
        .iter()
        .filter(|key| **key != key.as_null() && seen.insert(name(key)))
        .filter_map(|key| of_column(key, &variant));
    let distinct: Vec<Value> = distinct.collect();
    let mut rows = Vec::new();
    for keys in distinct.chunks(MAX_KEYS) {
        let keys_in = Scope::<C::Entity>::from(Term::Compare {
            column,
            comparison: Comparison::Eq,
            values: keys.to_vec(),
        });
        let mut shape = Shape::of::<(I, C)>("nested");
        keys_in.describe(&mut shape);
        shape.values([Value::from(MAX_ROWS + 1)]);
        let query = source.statement(shape, |_| {
            let mut statement = select::<C>(vec![Expr::col(column.as_column_ref())])?;
            statement.cond_where(keys_in.condition());
            for key in <C::Entity as EntityTrait>::PrimaryKey::iter() {
                statement.order_by(key.into_column().as_column_ref(), SqlOrder::Asc);
            }
            statement.limit(MAX_ROWS + 1);
            Ok(statement)
        })?;
        let read = reader::<C>(vec![variant.clone()])?;
        rows.append(&mut source.query(query, read).await?);
    }
    if rows.len() as u64 > MAX_ROWS {
        return Err(DbError::other(format!(
            "more than {MAX_ROWS} related rows of one page"
        )));
    }
    let of: Vec<String> = rows.iter().map(|row| name(&row.extra[0])).collect();
    let mut children = HashMap::<String, Vec<C>>::new();
    for (of, child) in of
        .into_iter()
        .zip(Box::pin(load_nested(source, rows)).await?)
    {
        children.entry(of).or_default().push(child);
    }
    for (item, key) in items.iter_mut().zip(&keys) {
        assign(item, children.get(&name(key)).cloned().unwrap_or_default());
    }
    Ok(())
}

/// A value as the key of a map: floats have no order, so `Value` has no hash. An integer is the same in each width,
/// since a column may be narrower than the one that it refers to.
fn name(key: &Value) -> String {
    match as_integer(key) {
        Some(Some(number)) => number.to_string(),
        _ => format!("{key:?}"),
    }
}

/// A key in the variant of the column. `None`: the column is too narrow for it, so that no row has it.
fn of_column(key: &Value, variant: &ArrayType) -> Option<Value> {
    match as_integer(key) {
        Some(Some(number)) if INTEGERS.contains(variant) => {
            integer(number.try_into().ok()?, variant)
        }
        _ => Some(key.clone()),
    }
}

/// Refuses a relation that leads to another table than the items', or to many rows where one is expected.
fn check<C: Item>(relation: &RelationDef, expected: Option<RelationType>) -> Result<(), DbError> {
    let table = C::Entity::default();
    if relation.to_tbl != table.table_ref() {
        return Err(DbError::other(format!(
            "a nested item is one of `{}`, but its relation leads to {:?}",
            table.table_name(),
            relation.to_tbl,
        )));
    }
    match expected {
        Some(expected) if relation.rel_type != expected => Err(DbError::other(format!(
            "a relation to many rows of `{}` is nested as a `Vec`, not as an `Option`",
            table.table_name(),
        ))),
        _ => Ok(()),
    }
}

fn column<E: EntityTrait>(identity: &Identity) -> Result<E::Column, DbError> {
    let Identity::Unary(name) = identity else {
        return Err(DbError::other(
            "a nested item needs a relation of one column",
        ));
    };
    let name = name.to_string();
    E::Column::from_str(&name).map_err(|_| DbError::other(format!("no column `{name}`")))
}
