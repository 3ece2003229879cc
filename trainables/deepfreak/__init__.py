"""DeepFreak: a ResNet-50 whose down-sampling is searched (paper §4.3, Tables 1, 2, 9, 10)."""
