"""One file per layout a data set comes in; each turns a source into a `Listing`."""
