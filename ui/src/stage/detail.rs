//! How close the stage looks; decides what is worth drawing and how large.

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// The typhoon sea: the city is a dot.
    Region,
    /// The whole city.
    City,
    District,
    Street,
}

impl Detail {
    /// `px_per_m` of logical px, divided by how much larger a wall draws.
    pub fn at(px_per_m: f64) -> Self {
        match px_per_m {
            v if v < 0.008 => Self::Region,
            v if v < 0.075 => Self::City,
            v if v < 0.25 => Self::District,
            _ => Self::Street,
        }
    }
}
