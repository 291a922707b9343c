"""One benchmark a file: each has NAME, HELP, add_options(parser) and run(options)."""
