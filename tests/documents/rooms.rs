//! Rooms with unique names that several writers change, with faults that can be switched on.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use resourceful::prelude::*;
use resourceful::{Change, FieldError, Parameter, Query, QueryString};
use serde_json::{Value, json};
use tokio::task::yield_now;

/// The hooks behave in one of these ways. The first ones are no faults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    /// A taken name gets 422.
    None,
    /// A taken name gets 409.
    Conflicts,
    /// No name is taken.
    AnyName,
    /// A writer whose read is stale gets 409.
    Versions,
    /// The unique constraint is an unknown error.
    InsertsUnchecked,
    /// Another creation may come between the check and the constraint, which is an unknown error.
    ChecksThenInserts,
    /// The same, without a constraint.
    ChecksWithoutConstraint,
    AnswersBadRequest,
    NamesNoField,
    /// Refuses after the row is there.
    InsertsThenChecks,
    /// Refuses after a part of the row is written.
    UpdatesThenChecks,
    /// `PATCH` writes all columns as they were when it read the row.
    WritesAllFromAStaleRead,
    /// `PATCH` writes the default into columns that are not set.
    ResetsOthers,
    /// `PUT` writes the columns that differ from those that it read.
    WritesDifferencesToAStaleRead,
    /// The second writer gets 503.
    Locks,
    /// `PUT` removes the row, and inserts another one.
    RemovesAndInserts,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Room {
    id: i64,
    name: String,
    color: String,
    seats: u32,
    version: u64,
}

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct NewRoom {
    #[garde(length(chars, min = 1, max = 20))]
    name: String,
    #[serde(default)]
    #[garde(length(chars, max = 20))]
    color: String,
    #[serde(default)]
    #[garde(skip)]
    seats: u32,
}

#[derive(Default, Deserialize, JsonSchema, Validate)]
#[serde(default)]
pub(crate) struct RoomChanges {
    #[garde(inner(length(chars, min = 1, max = 20)))]
    #[schemars(length(min = 1, max = 20))]
    name: Change<String>,
    #[garde(inner(length(chars, max = 20)))]
    #[schemars(length(max = 20))]
    color: Change<String>,
    #[garde(skip)]
    seats: Change<u32>,
}

/// The paging style of the list.
pub(crate) trait Listing: Query + 'static {
    fn page(&self, rooms: &[Room]) -> Page<Room>;
}

impl Listing for PageNumber {
    fn page(&self, rooms: &[Room]) -> Page<Room> {
        self.slice(rooms)
    }
}

/// Pages by number, without a total.
#[derive(Debug)]
pub(crate) struct Uncounted<P>(P);

impl<P: Query> Query for Uncounted<P> {
    fn read(query: &QueryString<'_>) -> Result<Self, Vec<FieldError>> {
        P::read(query).map(Self)
    }

    fn parameters() -> Vec<Parameter> {
        P::parameters()
    }

    fn pagination() -> Option<Value> {
        let mut pagination = P::pagination()?;
        let required = pagination["required"].as_array_mut()?;
        required.retain(|member| member != "total");
        Some(pagination)
    }
}

impl Listing for Uncounted<PageNumber> {
    fn page(&self, rooms: &[Room]) -> Page<Room> {
        let page = self.0.slice(rooms);
        let has_next = page.has_next();
        self.0.part(page.into_items(), None, has_next)
    }
}

impl Listing for Uncounted<LimitOffset> {
    fn page(&self, rooms: &[Room]) -> Page<Room> {
        let page = self.0.slice(rooms);
        let has_next = page.has_next();
        self.0.part(page.into_items(), None, has_next)
    }
}

/// Pages of seven; the cursor is the id before the page.
#[derive(Debug)]
pub(crate) struct After(i64);

impl Query for After {
    fn read(query: &QueryString<'_>) -> Result<Self, Vec<FieldError>> {
        let cursor = query.last("cursor").map_err(|error| vec![error])?;
        let id = cursor.map_or(Ok(0), |cursor| cursor.parse());
        id.map(Self)
            .map_err(|_| vec![FieldError::query("cursor", "is not a cursor")])
    }

    fn parameters() -> Vec<Parameter> {
        let cursor = Parameter::query::<String>("cursor");
        vec![cursor.with_keyword("pattern", r"^[1-9]\d?$")]
    }

    fn pagination() -> Option<Value> {
        Some(json!({
            "type": "object",
            "required": ["limit", "next", "has_next"],
            "properties": {
                "limit": {"type": "integer"},
                "next": {"type": ["string", "null"]},
                "has_next": {"type": "boolean"},
            },
        }))
    }
}

impl Listing for After {
    fn page(&self, rooms: &[Room]) -> Page<Room> {
        let rest: Vec<_> = rooms.iter().filter(|room| room.id > self.0).collect();
        let items: Vec<_> = rest.iter().take(7).copied().cloned().collect();
        let last = items.last().filter(|_| rest.len() > items.len());
        let next = last.map(|room| room.id.to_string());
        Page::with_next(items, 7, next)
    }
}

pub(crate) struct Rooms<L = PageNumber> {
    fault: Fault,
    stored: Mutex<BTreeMap<i64, Room>>,
    is_locked: AtomicBool,
    listing: PhantomData<fn() -> L>,
}

impl<L> Rooms<L> {
    pub(crate) fn with(fault: Fault) -> Self {
        Self {
            fault,
            stored: Mutex::default(),
            is_locked: AtomicBool::new(false),
            listing: PhantomData,
        }
    }

    /// The error of a taken name.
    fn refusal(&self) -> Error {
        match self.fault {
            Fault::InsertsUnchecked | Fault::ChecksThenInserts => {
                Error::internal("UNIQUE constraint failed: room.name")
            }
            Fault::AnswersBadRequest => Error::bad_request("The name is taken."),
            Fault::NamesNoField => Error::invalid([]),
            Fault::Conflicts | Fault::InsertsThenChecks => Error::conflict("The name is taken."),
            _ => taken(),
        }
    }

    fn is_taken(&self, id: i64, name: &str) -> bool {
        let stored = self.stored.lock().unwrap();
        self.fault != Fault::AnyName
            && stored
                .values()
                .any(|room| room.id != id && room.name == name)
    }

    fn find(&self, id: i64) -> Result<Room> {
        let stored = self.stored.lock().unwrap();
        stored.get(&id).cloned().ok_or_else(missing)
    }

    fn insert(&self, room: Room) -> Room {
        let mut stored = self.stored.lock().unwrap();
        stored.insert(room.id, room.clone());
        room
    }

    /// One `UPDATE` of the row that was read as `before`.
    async fn write(&self, before: Room, mut room: Room) -> Result<Room> {
        if self.is_taken(room.id, &room.name) {
            if self.fault == Fault::UpdatesThenChecks {
                let name = before.name;
                self.insert(Room { name, ..room });
            }
            return Err(self.refusal());
        }
        match self.fault {
            Fault::Versions => {
                yield_now().await;
                if self.find(room.id)? != before {
                    return Err(Error::conflict("The room was changed since it was read."));
                }
            }
            Fault::Locks => {
                if self.is_locked.swap(true, Ordering::Relaxed) {
                    return Err(Error::unavailable(Duration::from_secs(1)));
                }
                yield_now().await;
                self.is_locked.store(false, Ordering::Relaxed);
            }
            _ => {}
        }
        room.version += 1;
        Ok(self.insert(room))
    }
}

fn missing() -> Error {
    Error::not_found("Room not found")
}

fn taken() -> Error {
    Error::invalid([FieldError::body("/name", "is taken")])
}

#[resource]
impl<L: Listing> AsyncResource for Rooms<L> {
    const NAME: &'static str = "rooms";
    type Access = Public;

    async fn list(&self, _: &Request, listing: L) -> Result<Page<Room>> {
        let stored: Vec<_> = self.stored.lock().unwrap().values().cloned().collect();
        Ok(listing.page(&stored))
    }

    async fn create(&self, _: &Request, new: NewRoom) -> Result<Room> {
        if matches!(
            self.fault,
            Fault::ChecksThenInserts | Fault::ChecksWithoutConstraint
        ) {
            if self.is_taken(0, &new.name) {
                return Err(taken());
            }
            yield_now().await;
        }
        let is_taken = self.is_taken(0, &new.name);
        let has_constraint = self.fault != Fault::ChecksWithoutConstraint;
        if is_taken && has_constraint && self.fault != Fault::InsertsThenChecks {
            return Err(self.refusal());
        }
        let NewRoom { name, color, seats } = new;
        let last = self
            .stored
            .lock()
            .unwrap()
            .last_key_value()
            .map(|(id, _)| *id);
        let room = self.insert(Room {
            id: last.unwrap_or(0) + 1,
            name,
            color,
            seats,
            version: 1,
        });
        if is_taken && has_constraint {
            return Err(self.refusal());
        }
        Ok(room)
    }

    async fn retrieve(&self, _: &Request, id: i64) -> Result<Room> {
        self.find(id)
    }

    async fn update(&self, _: &Request, id: i64, new: NewRoom) -> Result<Room> {
        let before = self.find(id)?;
        let mut room = before.clone();
        match self.fault {
            Fault::WritesDifferencesToAStaleRead => {
                yield_now().await;
                room = self.find(id)?;
                if new.name != before.name {
                    room.name = new.name;
                }
                if new.color != before.color {
                    room.color = new.color;
                }
                if new.seats != before.seats {
                    room.seats = new.seats;
                }
            }
            Fault::RemovesAndInserts => {
                self.stored.lock().unwrap().remove(&id);
                yield_now().await;
                (room.name, room.color, room.seats) = (new.name, new.color, new.seats);
            }
            _ => (room.name, room.color, room.seats) = (new.name, new.color, new.seats),
        }
        self.write(before, room).await
    }

    async fn partial_update(&self, _: &Request, id: i64, changes: RoomChanges) -> Result<Room> {
        let before = self.find(id)?;
        let mut room = before.clone();
        match self.fault {
            Fault::WritesAllFromAStaleRead => yield_now().await,
            Fault::ResetsOthers => {
                let (name, id, version) = (room.name, room.id, room.version);
                let (color, seats) = (String::new(), 0);
                room = Room {
                    id,
                    name,
                    color,
                    seats,
                    version,
                };
            }
            _ => {}
        }
        room.name = changes.name.unwrap_or(room.name);
        room.color = changes.color.unwrap_or(room.color);
        room.seats = changes.seats.unwrap_or(room.seats);
        self.write(before, room).await
    }

    async fn destroy(&self, _: &Request, id: i64) -> Result<()> {
        let removed = self.stored.lock().unwrap().remove(&id);
        removed.map(drop).ok_or_else(missing)
    }

    fn location_id(&self, room: &Room) -> Option<i64> {
        Some(room.id)
    }
}
