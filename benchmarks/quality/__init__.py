"""How well searches choose: cheap surfaces, our algorithms, the native libraries, paired tests."""
