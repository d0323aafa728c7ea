//! For hubs that are to simulate nothing.

use gulang_hub::sim_host::{RunningSim, SimHost, SimRequest};

pub struct NoSim;

impl SimHost for NoSim {
    fn start(&self, _: &SimRequest) -> Result<Box<dyn RunningSim>, String> {
        Err("nothing is simulated here".into())
    }
}
