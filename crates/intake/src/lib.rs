//! Files people have, made into a city's registers: spreadsheets and maps, headers guessed, every refused row named.
//!
//! **Invariant:** a file is read whole or not at all; nothing here writes. No network, no clock, no log.
