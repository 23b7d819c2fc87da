//! [`Registration`]: the items of a resource, when an application registers it.

use std::any::TypeId;
use std::collections::HashSet;

use sea_orm::{ColumnTrait, EntityTrait, IdenStatic};

use crate::entities::{Entities, INTEGERS, TIMES, variant};
use crate::model::item::Item;
use crate::model::resource::ModelResource;

/// Adds the entities of a resource to those that the database knows, and checks the relations of its items.
#[derive(Debug)]
pub struct Registration<'e> {
    entities: &'e mut Entities,
    items: HashSet<TypeId>,
    mistakes: Vec<String>,
}

impl<'e> Registration<'e> {
    pub(crate) fn new(entities: &'e mut Entities) -> Self {
        Self {
            entities,
            items: HashSet::new(),
            mistakes: Vec::new(),
        }
    }

    /// Adds the entity of a resource, and checks the columns that it names.
    pub fn resource<R: ModelResource>(&mut self) {
        self.entity::<R::Entity>();
        if let Some(version) = R::version()
            && !INTEGERS.contains(&variant::<R::Entity>(version))
        {
            self.mistakes.push(format!(
                "`fn version` names `{}`, which is no column of integers",
                version.as_str()
            ));
        }
        if let Some(deleted_at) = R::deleted_at()
            && !(TIMES.contains(&variant::<R::Entity>(deleted_at)) && deleted_at.def().is_null())
        {
            self.mistakes.push(format!(
                "`fn deleted_at` names `{}`, which is no column of times that may be null",
                deleted_at.as_str()
            ));
        }
    }

    /// Adds an entity.
    pub fn entity<E: EntityTrait>(&mut self) {
        self.entities.add::<E>();
    }

    /// Adds the entity that has this column.
    pub fn entity_of<C: ColumnTrait<EntityName: EntityTrait>>(&mut self, _: C) {
        self.entity::<C::EntityName>();
    }

    /// Adds the entities of an item, and of those that are nested in it.
    pub fn item<I: Item>(&mut self) {
        if self.items.insert(TypeId::of::<I>()) {
            self.entity::<I::Entity>();
            I::related(self);
            for nested in I::nested() {
                let mistake = nested.register(self);
                self.mistakes.extend(mistake);
            }
        }
    }

    pub(crate) fn into_mistakes(self) -> Vec<String> {
        self.mistakes
    }
}
