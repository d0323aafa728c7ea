//! The large registers on this screen: fetched whole from the hub once, kept current by the changes that come as frames.

use crate::{net::Address, platform};
use gulang_city::{Inventory, Realm, Text, ThingsChange};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, mpsc},
};

pub struct Inventories {
    held: BTreeMap<Text, Inventory>,
    /// What came while the register itself was on its way.
    waiting: BTreeMap<Text, Vec<ThingsChange>>,
    wanted: BTreeSet<Text>,
    is_list_wanted: bool,
    n_fetching: usize,
    sender: mpsc::Sender<Came>,
    /// Bevy's resources must be shareable; only the main thread listens.
    receiver: Arc<Mutex<mpsc::Receiver<Came>>>,
    /// Counts cities: what was asked for an earlier one is passed over.
    city: u64,
    realm: Realm,
}

/// What a screen has to look at again.
#[derive(Clone, Debug, PartialEq)]
pub enum ThingsNews {
    Whole(Text),
    Changed(Text, Vec<u32>),
}

struct Came {
    city: u64,
    what: What,
}

enum What {
    List(Result<List, String>),
    Whole(Text, Result<Box<Inventory>, String>),
}

#[derive(Deserialize)]
struct List {
    inventories: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    id: Text,
}

/// Changes kept while their register is on its way; beyond it the register is asked for once more.
const MOST_WAITING: usize = 240;

impl Default for Inventories {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self {
            held: BTreeMap::new(),
            waiting: BTreeMap::new(),
            wanted: BTreeSet::new(),
            is_list_wanted: false,
            n_fetching: 0,
            sender,
            receiver: Arc::new(Mutex::new(receiver)),
            city: 0,
            realm: Realm::Actual,
        }
    }
}

impl Inventories {
    pub fn held(&self) -> &BTreeMap<Text, Inventory> {
        &self.held
    }

    /// Another city: its registers are asked for anew.
    pub fn restart(&mut self, realm: Realm) {
        self.realm = realm;
        self.city += 1;
        self.held.clear();
        self.waiting.clear();
        self.wanted.clear();
        self.n_fetching = 0;
        self.is_list_wanted = true;
    }

    pub fn take(&mut self, change: ThingsChange) -> Option<ThingsNews> {
        let id = change.inventory.clone();
        if let Some(inventory) = self.held.get_mut(&id) {
            let dirty = inventory.apply(&change);
            return (!dirty.is_empty()).then_some(ThingsNews::Changed(id, dirty));
        }
        let waiting = self.waiting.entry(id).or_default();
        waiting.push(change);
        if waiting.len() > MOST_WAITING {
            waiting.remove(0);
        }
        None
    }

    /// The hub says our copy may miss changes.
    pub fn stale(&mut self, id: Text) {
        self.wanted.insert(id);
    }

    pub fn is_settled(&self) -> bool {
        self.n_fetching == 0 && self.wanted.is_empty() && !self.is_list_wanted
    }

    /// Asks for what is wanted and takes in what came.
    pub fn poll(&mut self, address: &Address) -> Vec<ThingsNews> {
        if std::mem::take(&mut self.is_list_wanted) {
            self.fetch(address.inventory_url("", self.realm), |got| {
                What::List(got.and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string())))
            });
        }
        for id in std::mem::take(&mut self.wanted) {
            let name = id.clone();
            self.fetch(address.inventory_url(&id, self.realm), move |got| {
                let read = |bytes: Vec<u8>| Inventory::from_bytes(&bytes).map_err(|error| error.to_string());
                What::Whole(name, got.and_then(read).map(|(inventory, _)| Box::new(inventory)))
            });
        }
        let came: Vec<Came> = self.receiver.lock().map(|it| it.try_iter().collect()).unwrap_or_default();
        let mut news = Vec::new();
        for Came { city, what } in came {
            if city != self.city {
                continue;
            }
            self.n_fetching = self.n_fetching.saturating_sub(1);
            match what {
                What::List(Ok(list)) => self.wanted.extend(list.inventories.into_iter().map(|it| it.id)),
                What::List(Err(why)) => tracing::info!("the hub has no registers of many things: {why}"),
                What::Whole(id, Ok(mut inventory)) => {
                    for change in self.waiting.remove(&id).unwrap_or_default() {
                        inventory.apply(&change);
                    }
                    self.held.insert(id.clone(), *inventory);
                    news.push(ThingsNews::Whole(id));
                }
                What::Whole(id, Err(why)) => tracing::warn!("register {id}: {why}; the map is without it"),
            }
        }
        news
    }

    fn fetch(&mut self, url: String, read: impl FnOnce(platform::Fetched) -> What + Send + 'static) {
        self.n_fetching += 1;
        let (sender, city) = (self.sender.clone(), self.city);
        // Read where it arrives, beside the frame loop; the app is gone if nobody listens.
        platform::fetch(url, move |got| drop(sender.send(Came { city, what: read(got) })));
    }
}
