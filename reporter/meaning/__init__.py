"""An experiment's code → every function, class and constant that it reaches, by what they mean."""
