"""Python runs this at each start in this environment. Python 3.10 dropped the names of collections.abc from
collections, where Keras 2.3 looks for them, so they are put back."""

import collections
import collections.abc

vars(collections).update({name: getattr(collections.abc, name) for name in collections.abc.__all__})
