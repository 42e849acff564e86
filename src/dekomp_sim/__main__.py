"""`python -m dekomp_sim` and the command `dekomp-sim`."""

from dekomp_sim.cli.app import main

if __name__ == "__main__":
    main()
